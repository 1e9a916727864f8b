// A client of the chat: it sends one message, waits until the message comes back, and says goodbye.
package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
)

func main() {
	addr, user, text := os.Args[1], os.Args[2], os.Args[3]
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	br := bufio.NewReader(nc)
	if err := open(nc, br, addr); err != nil {
		log.Fatal(err)
	}
	message, _ := json.Marshal(map[string]string{"user": user, "text": text}) // strings always have a JSON form
	send(nc, 1, message)
	if err := chat(nc, br, text); err != nil {
		log.Fatal(err)
	}
}

// open asks for a WebSocket (section 4.1).
func open(nc net.Conn, br *bufio.Reader, addr string) error {
	key := base64.StdEncoding.EncodeToString(random(16))
	fmt.Fprintf(nc, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", addr, key)
	res, err := http.ReadResponse(br, nil)
	if err != nil {
		return err
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	accept := base64.StdEncoding.EncodeToString(sum[:])
	if res.StatusCode != 101 || res.Header.Get("Sec-WebSocket-Accept") != accept {
		return errors.New("this is not a WebSocket server: " + res.Status)
	}
	return nil
}

// chat prints messages until the server says goodbye; the client says goodbye first once text has come
// back.
func chat(nc net.Conn, br *bufio.Reader, text string) error {
	var message []byte
	for closed := false; ; {
		fin, op, data, err := read(br)
		switch {
		case err != nil:
			return err
		case op == 8 && closed:
			return nil
		case op == 8:
			return send(nc, 8, data)
		case op == 9 && !closed:
			send(nc, 10, data)
		case op < 8:
			message = append(message, data...)
			if fin {
				fmt.Println(string(message))
				if !closed && strings.Contains(string(message), text) {
					closed = true
					send(nc, 8, binary.BigEndian.AppendUint16(nil, 1000))
				}
				message = nil
			}
		}
	}
}

// send sends a frame, masked with a new key (section 5.3).
func send(w io.Writer, op byte, data []byte) error {
	frame, n := []byte{0x80 | op}, len(data)
	switch {
	case n < 126:
		frame = append(frame, 0x80|byte(n))
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 0x80|127), uint64(n))
	}
	key := random(4)
	frame = append(frame, key...)
	for i, b := range data {
		frame = append(frame, b^key[i%4])
	}
	_, err := w.Write(frame)
	return err
}

// read reads a frame from the server.
func read(br *bufio.Reader) (fin bool, op byte, data []byte, err error) {
	b := make([]byte, 10)
	_, err = io.ReadFull(br, b[:2])
	fin, op, n := b[0]&0x80 != 0, b[0]&0x0F, uint64(b[1])
	switch {
	case err != nil:
	case n >= 0x80:
		err = errors.New("a server must not mask its frames") // section 5.1
	case n == 126:
		_, err = io.ReadFull(br, b[2:4])
		n = uint64(binary.BigEndian.Uint16(b[2:4]))
	case n == 127:
		_, err = io.ReadFull(br, b[2:10])
		n = binary.BigEndian.Uint64(b[2:10])
	}
	if err == nil {
		data = make([]byte, n)
		_, err = io.ReadFull(br, data)
	}
	return fin, op, data, err
}

// random returns n bytes that nobody can predict.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
