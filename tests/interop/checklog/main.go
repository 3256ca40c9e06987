// Checks a log, exported or served over HTTP, with golang.org/x/mod/sumdb: every entry against the tiles, the tiles
// against the signed checkpoint. Nothing of Chayan's own code.
//
//	checklog DIR|URL VKEY [SIZE]
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// paths of c2sp.org/tlog-tiles, which differ from sumdb's in leaving out the tile height.
func tilePath(kind string, n int64, width int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if width < 1<<tileHeight {
		name += ".p/" + strconv.Itoa(width)
	}
	return "tile/" + kind + "/" + name
}

// source is a folder or a URL.
type source string

func (s source) read(path string) ([]byte, error) {
	if !strings.HasPrefix(string(s), "http") {
		return os.ReadFile(filepath.Join(string(s), path))
	}
	response, err := http.Get(string(s) + "/" + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return io.ReadAll(response.Body)
}

type tiles struct{ log source }

func (t tiles) Height() int                       { return tileHeight }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range wanted {
		data, err := t.log.read(tilePath(strconv.Itoa(tile.L), tile.N, tile.W))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

func readCheckpoint(log source, vkey string) (tlog.Tree, error) {
	text, err := log.read("checkpoint")
	if err != nil {
		return tlog.Tree{}, err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("the checkpoint's root is no hash")
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

func readBundle(log source, n int64, width int) ([][]byte, error) {
	data, err := log.read(tilePath("entries", n, width))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) >= 2 {
		length := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+length {
			return nil, fmt.Errorf("bundle %d is cut", n)
		}
		entries = append(entries, data[2:2+length])
		data = data[2+length:]
	}
	if len(data) != 0 || len(entries) != width {
		return nil, fmt.Errorf("bundle %d has %d entries in place of %d", n, len(entries), width)
	}
	return entries, nil
}

func check(log source, vkey string) (int64, error) {
	tree, err := readCheckpoint(log, vkey)
	if err != nil {
		return 0, err
	}
	// RFC 6962 2.1; the packages know no root of an empty tree.
	if tree.N == 0 && tree.Hash != sha256.Sum256(nil) {
		return 0, fmt.Errorf("the root of no entries is not that of an empty tree")
	}
	hashes := tlog.TileHashReader(tree, tiles{log})
	for first := int64(0); first < tree.N; first += 1 << tileHeight {
		width := int64(1 << tileHeight)
		if tree.N-first < width {
			width = tree.N - first
		}
		entries, err := readBundle(log, first>>tileHeight, int(width))
		if err != nil {
			return 0, err
		}
		var indexes []int64
		for i := range entries {
			indexes = append(indexes, tlog.StoredHashIndex(0, first+int64(i)))
		}
		recorded, err := hashes.ReadHashes(indexes)
		if err != nil {
			return 0, err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != recorded[i] {
				return 0, fmt.Errorf("entry %d is not the one in the tree", first+int64(i))
			}
		}
	}
	return tree.N, nil
}

func main() {
	if len(os.Args) != 3 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: checklog DIR|URL VKEY [SIZE]")
		os.Exit(2)
	}
	size, err := check(source(os.Args[1]), os.Args[2])
	if err == nil && len(os.Args) == 4 && os.Args[3] != strconv.FormatInt(size, 10) {
		err = fmt.Errorf("%d entries in place of %s", size, os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "checklog:", err)
		os.Exit(1)
	}
	fmt.Printf("checklog: %d entries are what the signed checkpoint says\n", size)
}
