module websocket-workshop/steps/tools/bench

go 1.25.0

require (
	github.com/coder/websocket v1.8.15
	github.com/gobwas/ws v1.4.0
	github.com/gorilla/websocket v1.5.3
	golang.org/x/sys v0.6.0
	websocket-workshop v0.0.0
)

require (
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/pool v0.2.1 // indirect
)

replace websocket-workshop => ../../..
