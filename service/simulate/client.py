"""Client: the program a caller uses, and the requests that it writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.simulate.dice import Dice

Turn = dict[str, Any]
"""A message as the APIs write it: ``role``, ``content`` and perhaps more."""

OPENAI, ANTHROPIC, RESPONSES = "openai", "anthropic", "responses"
MODELS = {
    OPENAI: {"large-2": 0.3, "small-2": 0.5, "small-1": 0.2},
    RESPONSES: {"large-2": 0.5, "small-2": 0.5},
    ANTHROPIC: {"prose-4": 0.6, "prose-4-mini": 0.4},
}
AGENTS = {
    OPENAI: {
        "OpenAI/Python {}": 0.35,
        "AsyncOpenAI/Python {}": 0.3,
        "OpenAI/JS {}": 0.2,
        "python-requests/2.32.3": 0.07,
        "Go-http-client/2.0": 0.04,
        "curl/8.9.1": 0.04,
    },
    ANTHROPIC: {"Anthropic/Python {}": 0.5, "AsyncAnthropic/Python {}": 0.3, "Anthropic/JS {}": 0.2},
}
VERSIONS = ("1.52.0", "1.109.1", "2.8.0", "3.1.0", "3.54.0")


@dataclass(slots=True)
class Draft:
    """A request before it is dressed as a record or sent."""

    at: float
    """Seconds since the epoch."""
    path: str
    request: dict[str, Any]
    characters: int
    """Of all its texts."""
    output: int
    """Tokens of the answer."""
    retry: int = 0
    answer: str = ""
    """Text of the answer where it matters what it says: where it repeats what was sent."""
    reasoning: str = ""
    """Sealed reasoning that comes with the answer, as an API issues it to be sent back."""
    status: int = 200


@dataclass(frozen=True, slots=True)
class Client:
    """SDK, API and habits of one caller. Drawn alike for honest callers and for others."""

    api: str
    model: str
    headers: dict[str, str]
    stream: bool
    speed: float
    """Tokens a second that the model writes."""
    parameters: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def draw(cls, dice: Dice, *, api: str = "") -> Client:
        """Somebody's program."""
        api = api or dice.weighted({OPENAI: 0.76, ANTHROPIC: 0.14, RESPONSES: 0.1})
        agent = dice.weighted(AGENTS[ANTHROPIC if api == ANTHROPIC else OPENAI])
        version = dice.pick(VERSIONS)
        headers = {"user-agent": agent.format(version)}
        if "{}" in agent:
            language = "js" if "JS" in agent else "python"
            headers |= {
                "x-stainless-lang": language,
                "x-stainless-package-version": version,
                "x-stainless-async": "async:asyncio" if agent.startswith("Async") else "false",
                "x-stainless-os": dice.pick(("Linux", "MacOS", "Windows")),
                "x-stainless-retry-count": "0",
            }
        return cls(api, dice.weighted(MODELS[api]), headers, dice.chance(0.4), dice.lognormal(70, 0.3), _habits(dice))

    def ask(
        self,
        at: float,
        turns: list[Turn],
        output: float,
        *,
        system: str = "",
        user: str = "",
        answer: str = "",
        **more: Any,
    ) -> Draft:
        """A request to answer the last of these turns, with ``output`` tokens expected."""
        tokens = max(1, int(min(output, more.get("max_tokens", self.parameters.get("max_tokens", 1e9)))))
        request: dict[str, Any] = {"model": self.model}
        if self.api == OPENAI:
            path = "/v1/chat/completions"
            request["messages"] = [{"role": "system", "content": system}, *turns] if system else list(turns)
        elif self.api == ANTHROPIC:
            path = "/v1/messages"
            request |= {"max_tokens": 1024, "messages": list(turns)} | ({"system": system} if system else {})
        else:
            path = "/v1/responses"
            request |= {"input": list(turns)} | ({"instructions": system} if system else {})
        request |= self._named({**self.parameters, **more})
        if user:
            request |= {"metadata": {"user_id": user}} if self.api == ANTHROPIC else {"user": user}
        if self.stream and "stream" not in more:
            request["stream"] = True
        characters = len(system) + sum(map(_characters, turns))
        return Draft(at, path, request, characters, tokens * int(more.get("n", 1)), answer=answer)

    def single(self, at: float, text: str, output: float, **more: Any) -> Draft:
        """A request of one turn; the rest as for :meth:`ask`."""
        return self.ask(at, [{"role": "user", "content": text}], output, **more)

    def echo(self, at: float, text: str, answer: str, **more: Any) -> Draft:
        """A request of one turn whose answer is made of what was sent."""
        return self.single(at, text, len(answer) / 4 + 1, answer=answer, **more)

    def complete(self, at: float, prompt: str, output: float, **more: Any) -> Draft:
        """A text completion."""
        request = {"model": self.model, "prompt": prompt, **self.parameters, **more}
        return Draft(
            at, "/v1/completions", request, len(prompt), max(1, int(min(output, request.get("max_tokens", 16))))
        )

    def embed(self, at: float, texts: list[str]) -> Draft:
        """Embeddings."""
        request = {"model": "embed-3", "input": texts, "encoding_format": "base64"}
        return Draft(at, "/v1/embeddings", request, sum(map(len, texts)), 0)

    def took(self, tokens: int) -> float:
        """Seconds that an answer of so many tokens takes."""
        return 0.25 + tokens / self.speed

    def _named(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if self.api == OPENAI:
            return parameters
        dropped = {"n", "response_format", "seed", "logprobs", "top_logprobs", "logit_bias"}
        if self.api == ANTHROPIC:
            return {name: value for name, value in parameters.items() if name not in dropped}
        return {
            ("max_output_tokens" if name == "max_tokens" else name): value
            for name, value in parameters.items()
            if name not in dropped | {"stop"}
        }


def _habits(dice: Dice) -> dict[str, Any]:
    habits: dict[str, Any] = {}
    if dice.chance(0.55):
        habits["temperature"] = dice.weighted({0: 0.3, 0.2: 0.15, 0.7: 0.3, 1.0: 0.25})
    if dice.chance(0.4):
        habits["max_tokens"] = dice.pick((512, 800, 1024, 2000, 4096))
    return habits


def _characters(turn: Turn) -> int:
    said = turn.get("content") or turn.get("output") or ""
    if isinstance(said, str):
        return len(said)
    return sum(len(part.get("text") or part.get("content") or "") for part in said)
