"""The request that every target is sent: head and body as an OpenAI SDK writes them."""

from __future__ import annotations

import json

KEY = "sk-benchmark-0123456789abcdefghijklmnopqrstuvwxyz"
"""Made up; the identity map of the measured gateway knows its digest."""

PATH = "/v1/chat/completions"
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/json",
    "User-Agent": "OpenAI/Python 3.1.0",
    "X-Stainless-Lang": "python",
    "X-Stainless-Package-Version": "3.1.0",
    "X-Stainless-OS": "Linux",
    "X-Stainless-Arch": "x64",
    "X-Stainless-Runtime": "CPython",
    "X-Stainless-Runtime-Version": "3.11.7",
    "X-Stainless-Async": "false",
    "X-Stainless-Retry-Count": "0",
    "X-Stainless-Read-Timeout": "600",
    "Authorization": f"Bearer {KEY}",
}


def body(*, chunks: int = 0, pause_us: int = 0) -> bytes:
    """A chat of four turns, 1.4 KB; with ``chunks`` its answer is a stream of that many, ``pause_us`` apart."""
    document = {
        "model": "gpt-4.1",
        "messages": [
            {"role": "system", "content": "You are a careful assistant. Answer in short sentences."},
            {"role": "user", "content": "Explain gradient descent step by step and check each claim. " * 17},
            {"role": "assistant", "content": "Gladly. Which part first?"},
            {"role": "user", "content": "The learning rate, please."},
        ],
        "temperature": 0.7,
        "max_tokens": chunks or 512,
        "seed": pause_us,
        "stream": bool(chunks),
        "user": "user-8423",
    }
    return json.dumps(document, separators=(",", ":")).encode()


def request(port: int, content: bytes) -> bytes:
    """The whole request, head and body."""
    head = {"Host": f"127.0.0.1:{port}", **HEADERS, "Content-Length": str(len(content))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"POST {PATH} HTTP/1.1\r\n{lines}\r\n".encode() + content
