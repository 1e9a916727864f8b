module websocket-workshop/library/examples/idiomatic

go 1.25.0

require (
	nhooyr.io/websocket v1.8.17
	websocket-workshop v0.0.0
)

replace websocket-workshop => ../../..
