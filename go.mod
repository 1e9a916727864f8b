module websocket-workshop

go 1.25.0

ignore ./work

require nhooyr.io/websocket v1.8.17
