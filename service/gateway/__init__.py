"""The data plane: a request comes in, the upstream's answer goes out, untouched and at once.

A client connection is a ``GatewayProtocol``; each request on it is a ``Cycle``. The ``Shell`` gives every
path but the reserved ``/-/`` to the ``Proxy``, where it becomes an ``Exchange``: an ``Identity`` says who
calls, the ``Guard`` what is to be done about it, ``Targets`` where it goes, the ``Pool`` lends a connection
to the upstream, a ``Capture`` keeps a bounded copy of the answer, and the ``Recorder`` writes the start and
end records. Whatever the gateway answers itself is a ``Refusal``.
"""
