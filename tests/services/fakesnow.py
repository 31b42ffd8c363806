"""fakesnow on 127.0.0.1 and a free port, which is printed as the first line. Ends when standard input closes, so that
it never outlives the process that started it."""

import os
import socket
import sys
import threading
import warnings

warnings.filterwarnings("ignore")

import fakesnow.server
import uvicorn

listener = socket.create_server(("127.0.0.1", 0))
config = uvicorn.Config(fakesnow.server.app, log_level="critical", access_log=False)
server = uvicorn.Server(config)
threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
os._exit(0)
