package main

import (
	"net"
	"sync"

	"websocket-workshop/steps/tools/wstest"
)

const welcome = "HTTP/1.1 101 Switching Protocols\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: 0000000000000000000000000000\r\n" + // no hash was made
	"Sec-WebSocket-Protocol: json\r\n" +
	"\r\n"

// bare is a TCP server that writes the same bytes to everyone and checks nothing: the minimum cost of
// opening a connection, keeping it and writing to it. It treats whatever comes first as a handshake,
// and everything after that as a post.
func bare(addr string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	members := make(map[net.Conn]bool)
	frame := wstest.Frame{Fin: true, Opcode: wstest.Text, Payload: make([]byte, historySize)}.Bytes()
	for {
		nc, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer nc.Close()
			buf := make([]byte, 1024)
			for _, err := nc.Read(buf); err == nil; _, err = nc.Read(buf) {
				mu.Lock()
				if members[nc] {
					for member := range members {
						member.Write(frame)
					}
				} else {
					members[nc] = true
					nc.Write([]byte(welcome))
					nc.Write(frame)
				}
				mu.Unlock()
			}
			mu.Lock()
			delete(members, nc)
			mu.Unlock()
		}()
	}
}
