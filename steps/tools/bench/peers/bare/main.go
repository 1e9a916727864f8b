// A TCP server that writes the same bytes to everyone and checks nothing: the least that
// opening a connection, keeping it and writing to it can cost.
package main

import (
	"flag"
	"log"
	"net"
	"sync"

	"websocket-workshop/steps/tools/frames"
)

const welcome = "HTTP/1.1 101 Switching Protocols\r\n" +
	"Upgrade: websocket\r\n" +
	"Connection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: 0000000000000000000000000000\r\n" + // no hash was made
	"Sec-WebSocket-Protocol: json\r\n" +
	"\r\n"

var (
	mu      sync.Mutex
	members = make(map[net.Conn]bool)
	frame   []byte // what everyone gets
)

func main() {
	addr := flag.String("addr", "localhost:8080", "`host:port` to listen on")
	size := flag.Int("size", 125, "`bytes` of text in what everyone gets")
	flag.Parse()
	frame = frames.Frame{Fin: true, Opcode: frames.Text, Payload: make([]byte, *size)}.Bytes()
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	for {
		nc, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go visit(nc)
	}
}

// visit takes whatever comes first for a handshake, and everything after that for a post.
func visit(nc net.Conn) {
	buf := make([]byte, 1024)
	for first := true; ; first = false {
		_, err := nc.Read(buf)
		mu.Lock()
		switch {
		case err != nil:
			delete(members, nc)
		case first:
			members[nc] = true
			nc.Write([]byte(welcome))
			nc.Write(frame)
		default:
			for member := range members {
				member.Write(frame)
			}
		}
		mu.Unlock()
		if err != nil {
			nc.Close()
			return
		}
	}
}
