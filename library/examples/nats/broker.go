package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

var brokerPort = server.DEFAULT_PORT // 4222; a variable only for the tests, which change it

const (
	subject     = "room.posts" // a server publishes each post to it, as JSON
	attemptTime = time.Second  // for the broker to store a post, before the server sends it again
)

// A broker is this server's connection to NATS. The stream ROOM there is the room's history: the broker
// stores a post before it confirms it, and delivers it to every server in the order of the stream.
type broker struct {
	js   jetstream.JetStream
	stop func() // ends the connection, and the broker if it runs in this process
}

// connect connects to the broker at url. If url is empty, it starts one in this process, on NATS's usual
// port, with its data in the folder store. It is not an error if the broker is not running yet: NATS keeps
// trying.
func connect(url, store string) (*broker, error) {
	shutdown := func() {}
	if url == "" {
		s, err := server.NewServer(&server.Options{Host: "localhost", Port: brokerPort, JetStream: true,
			StoreDir: store, SyncAlways: true, NoSigs: true}) // SyncAlways: on the disk before it is confirmed
		if err != nil {
			return nil, err
		}
		s.Start()
		if !s.ReadyForConnections(10 * time.Second) {
			return nil, fmt.Errorf("the broker does not start: if another one is using its port, "+
				"connect to that with -nats nats://localhost:%d", brokerPort)
		}
		url = s.ClientURL()
		shutdown = func() { s.Shutdown(); s.WaitForShutdown() }
	}
	nc, err := nats.Connect(url, nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectWait(200*time.Millisecond), nats.ReconnectBufSize(-1)) // publish tries again by itself
	if err != nil {
		return nil, fmt.Errorf("the broker's address: %w", err)
	}
	js, err := jetstream.New(nc)
	return &broker{js, func() { nc.Close(); shutdown() }}, err
}

// publish returns once the broker has stored p, so that p survives the death of any server. After an error,
// p may or may not have been stored.
func (b *broker) publish(ctx context.Context, p post) error {
	data, _ := json.Marshal(p) // strings and a number: no error
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	id := nuid.Next() // the broker stores a post only once, however often it is sent
	for {
		attempt, cancel := context.WithTimeout(ctx, attemptTime)
		_, err := b.js.Publish(attempt, subject, data, jetstream.WithMsgID(id))
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond) // while the connection is down, Publish fails at once
	}
}

// follow passes the posts of every server to add, one by one and in the broker's order, until the process
// exits. It returns once add has received everything that the stream held before.
func (b *broker) follow(ctx context.Context, add func(post)) error {
	var stream jetstream.Stream
	for told := false; ; told = true {
		attempt, cancel := context.WithTimeout(ctx, writeTime)
		var err error
		stream, err = b.js.CreateOrUpdateStream(attempt, jetstream.StreamConfig{
			Name: "ROOM", Subjects: []string{subject}, MaxMsgs: historySize})
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			break
		}
		if !told {
			log.Printf("waiting for the broker: %v", err)
		}
		time.Sleep(200 * time.Millisecond) // while the connection is down, the call fails at once
	}
	greeting, _ := json.Marshal(post{"workshop", "Welcome! All who open this page are in one room.",
		time.Now().UnixMilli()})
	// It fails if there are posts already.
	b.js.Publish(ctx, subject, greeting, jetstream.WithExpectLastSequencePerSubject(0))
	info, err := stream.Info(ctx)
	if err != nil {
		return err
	}
	posts, err := b.js.OrderedConsumer(ctx, "ROOM", jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	caughtUp, once := make(chan struct{}), sync.Once{}
	_, err = posts.Consume(func(m jetstream.Msg) {
		var p post
		at, err := m.Metadata()
		if err != nil || json.Unmarshal(m.Data(), &p) != nil {
			return // not by one of our servers
		}
		add(p)
		if at.Sequence.Stream >= info.State.LastSeq {
			once.Do(func() { close(caughtUp) })
		}
	}, jetstream.PullHeartbeat(500*time.Millisecond)) // how soon it notices that the broker was restarted
	if err != nil {
		return err
	}
	select {
	case <-caughtUp:
	case <-ctx.Done():
	}
	return ctx.Err()
}
