// The peer arrow-go: see bench/peers/README.md for the protocol. It is as it comes, but for
// vectors without a dictionary and a goroutine per file in the variant `tuned`.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

type dataFile struct {
	Path    string   `json:"path"`
	Columns []string `json:"columns"`
}

type job struct {
	Operation   string     `json:"operation"`
	Data        string     `json:"data"`
	Files       []dataFile `json:"files"`
	Repetitions int        `json:"repetitions"`
	Level       int        `json:"level"`
	Variant     string     `json:"variant"`
}

func (j *job) tuned() bool { return j.Variant == "tuned" }

// releasable is whatever a read leaves in memory.
type releasable interface{ Release() }

func say(answer map[string]any) {
	line, err := json.Marshal(answer)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
}

// perform gives the rows and what is to be kept until the memory is measured.
func perform(j *job, tables []table) (int64, []releasable, error) {
	switch j.Operation {
	case "write":
		return tables[0].rows(), nil, writeTables(j, tables)
	case "first-batch":
		return firstBatch(j)
	default:
		return read(j)
	}
}

func repeat(j *job, tables []table) error {
	if j.Operation == "write" {
		for _, file := range j.Files {
			os.Remove(file.Path) // absent before the first repetition
		}
	}
	before := beginUsage()
	start := time.Now()
	rows, kept, err := perform(j, tables)
	if err != nil {
		return err
	}
	seconds := time.Since(start).Seconds()
	say(map[string]any{
		"seconds": seconds, "cpu": cpuSeconds() - before.cpu, "rows": rows,
		"rssBase": before.rss, "rssPeak": statusBytes("VmHWM:"),
	})
	for _, object := range kept {
		object.Release()
	}
	return nil
}

func run() error {
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		return err
	}
	if j.Operation == "take" {
		say(map[string]any{"unsupported": "arrow-go has no take from files"})
		return nil
	}
	var tables []table
	if j.Operation == "write" {
		var err error
		if tables, err = load(&j); err != nil {
			return err
		}
	}
	say(map[string]any{"ready": map[string]string{"arrow-go": arrow.PkgVersion}})
	for range j.Repetitions {
		if err := repeat(&j, tables); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
