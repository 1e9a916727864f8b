package client

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"websocket-workshop/steps/tools/process"
)

// brokenClients has edits of the model, old and new, by the row that each of them fails.
var brokenClients = map[string][2]string{
	"the opening handshake asks for a WebSocket":         {"Host: %s", "Host: x%s"},
	"each handshake has a new key":                       {"(random(16))", `([]byte("0123456789abcdef"))`},
	"no frame is sent before the server has agreed":      {"\tres, err", "\tsend(nc, 9, nil)\n\tres, err"},
	"an answer with a wrong accept value is refused":     {"!= accept {", "!= accept && false {"},
	"an answer other than 101 is refused":                {"res.StatusCode != 101", "false"},
	"the message is one text message, masked":            {"0x80|byte(n)", "byte(n)"},
	"it says goodbye with 1000 once its text comes back": {"AppendUint16(nil, 1000)", "AppendUint16(nil, 1001)"},
	newKeys: {"key := random(4)", "key := []byte{1, 2, 3, 4}"},
	"a message of 126 bytes and more is sent":       {"uint16(n))", "uint16(n-1))"},
	"a message of 65,536 bytes and more is sent":    {"n < 1<<16", "n <= 1<<17"},
	"a message of 126 bytes and more is read":       {"n == 126", "n == 125"},
	"a message of 65,536 bytes and more is read":    {"[2:10])\n\t}", "[2:10]) - 1\n\t}"},
	"a frame that comes byte by byte is read":       {"io.ReadFull(br, data)", "br.Read(data)"},
	"a ping is answered by a pong with its payload": {"send(nc, 10, data)", "send(nc, 10, nil)"},
	"a ping that comes with the answer is answered": {"chat(nc, br,", "chat(nc, bufio.NewReader(nc),"},
	"a message in fragments is put together":        {"if fin {", "if !fin {\n\treturn io.EOF\n}\nif fin {"},
	"it waits for the server's close frame":         {"closed = true\n", "return send(nc, 8, []byte{3, 232})\n"},
	"the server's close frame is answered":          {"return send(nc, 8, data)", "return nil"},
	"a masked frame from the server is refused": {"err = errors.New(\"a server",
		`return fin, 1, []byte("hello"), nil // ("`},
}

// TestClient: the model passes, and each broken variant of it fails the row that it is about.
func TestClient(t *testing.T) {
	binary := build(t)
	t.Setenv("VARIANT", "model")
	model := NewCheck(binary, 10*time.Second)
	for _, row := range Rows {
		if f := model.Try(t.Context(), row); f != nil {
			t.Errorf("%s: %+v", row.Name, f)
		}
	}
	first := slices.IndexFunc(Rows, func(r Row) bool { return r.size == 0 && r.status == "" })
	broken := NewCheck(binary, time.Second/2)
	for i, row := range Rows {
		t.Setenv("VARIANT", fmt.Sprint("v", i))
		broken.Try(t.Context(), Rows[first]) // records the length of its messages, and some keys
		if broken.Try(t.Context(), row) == nil {
			t.Errorf("a broken variant passes: %s", row.Name)
		}
	}
}

// build builds the model and its variants. They are packages of one program, which is linked only once.
func build(t *testing.T) (binary string) {
	text, err := os.ReadFile("testdata/model/main.go")
	if err != nil {
		t.Fatal(err)
	}
	variants := map[string]string{"model": string(text)}
	for i, row := range Rows {
		edit := brokenClients[row.Name]
		name := fmt.Sprint("v", i)
		if variants[name] = strings.Replace(string(text), edit[0], edit[1], 1); variants[name] == string(text) {
			t.Fatalf("no variant is broken in the row %q", row.Name)
		}
	}
	dir := t.TempDir()
	main, calls := "package main\n\nimport \"os\"\n", ""
	for name, text := range variants {
		text = strings.NewReplacer("package main", "package "+name, "func main", "func Main").Replace(text)
		os.Mkdir(filepath.Join(dir, name), 0o777)
		os.WriteFile(filepath.Join(dir, name, "main.go"), []byte(text), 0o666)
		main += fmt.Sprintf("import \"clients/%s\"\n", name)
		calls += fmt.Sprintf("\tcase %q:\n\t\t%s.Main()\n", name, name)
	}
	main += "func main() {\n\tswitch os.Getenv(\"VARIANT\") {\n" + calls + "\t}\n}\n"
	os.WriteFile(filepath.Join(dir, "main.go"), []byte(main), 0o666)
	os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module clients\n\ngo 1.25\n"), 0o666)
	binary = filepath.Join(dir, "client.exe")
	if said, err := process.Build(t.Context(), dir, binary, "."); err != nil {
		t.Fatal(said)
	}
	return binary
}
