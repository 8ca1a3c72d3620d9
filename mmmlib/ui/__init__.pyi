from .dashboard import show as show
from .server.app import serve as serve
