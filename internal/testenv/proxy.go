//go:build unix

package testenv

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy forwards TCP connections to a server and breaks them on demand. Its faults concern the bytes that the server
// sends; what the client sends always passes.
type Proxy struct {
	Host string
	Port int

	target   string
	listener net.Listener
	stopped  chan struct{}

	mutex sync.Mutex
	fault fault
	conns map[net.Conn]struct{}
}

// fault says what happens to a connection made from now on.
type fault struct {
	kind  faultKind
	after int64 // bytes from the server that still pass, per connection
}

type faultKind int

const (
	healthy faultKind = iota
	cut
	hang
	refuse
)

// FaultyProxy starts a proxy in front of the target ("host:port"). It forwards faithfully until told otherwise.
func FaultyProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start proxy: %v", err)
	}
	p := &Proxy{
		Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port,
		target: target, listener: listener, stopped: make(chan struct{}), conns: map[net.Conn]struct{}{},
	}
	var serving sync.WaitGroup
	serving.Go(func() { p.serve(&serving) })
	t.Cleanup(func() {
		close(p.stopped)
		listener.Close()
		p.CloseConnections()
		serving.Wait()
	})
	return p
}

// CutAfter resets each new connection after the server has sent so many bytes on it.
func (p *Proxy) CutAfter(bytes int64) { p.set(fault{cut, bytes}) }

// HangAfter keeps each new connection open but passes nothing more after the server has sent so many bytes on it.
func (p *Proxy) HangAfter(bytes int64) { p.set(fault{hang, bytes}) }

// Refuse resets each new connection at once.
func (p *Proxy) Refuse() { p.set(fault{kind: refuse}) }

// Heal forwards new connections faithfully again.
func (p *Proxy) Heal() { p.set(fault{}) }

// CloseConnections ends every present connection.
func (p *Proxy) CloseConnections() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for conn := range p.conns {
		conn.Close()
	}
}

func (p *Proxy) set(f fault) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.fault = f
}

func (p *Proxy) serve(serving *sync.WaitGroup) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		serving.Go(func() { p.forward(client) })
	}
}

// forward carries one connection with the fault that is set when it begins.
func (p *Proxy) forward(client net.Conn) {
	defer p.release(client)
	f := p.admit(client)
	if f.kind == refuse {
		reset(client)
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		reset(client)
		return
	}
	defer p.release(server)
	p.admit(server)
	requests := make(chan struct{})
	go func() {
		defer close(requests)
		io.Copy(server, client)
		server.Close()
	}()
	p.answer(client, server, f)
	client.Close()
	<-requests
}

// answer carries the server's bytes and acts out the fault.
func (p *Proxy) answer(client, server net.Conn, f fault) {
	if f.kind == healthy {
		io.Copy(client, server)
		return
	}
	if _, err := io.CopyN(client, server, f.after); err != nil {
		return
	}
	if f.kind == cut {
		reset(client)
		return
	}
	// A hang lasts until the client gives up, which closes the server's side and so ends this read, or the test ends.
	io.Copy(io.Discard, server)
}

// admit registers the connection, so that it can be closed from outside, and returns the present fault.
func (p *Proxy) admit(conn net.Conn) fault {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	select {
	case <-p.stopped:
		conn.Close()
	default:
		p.conns[conn] = struct{}{}
	}
	return p.fault
}

func (p *Proxy) release(conn net.Conn) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	delete(p.conns, conn)
	conn.Close()
}

// reset closes the connection so that the other side sees a reset rather than an orderly end.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}
