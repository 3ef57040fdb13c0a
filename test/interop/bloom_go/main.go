// Fills bloom filters with the libraries that Milvus uses; one JSON request a line, one reply.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"os"
	"time"

	"github.com/bits-and-blooms/bloom/v3"
	"github.com/greatroar/blobloom"
	"github.com/zeebo/xxh3"
)

type request struct {
	Kind          string
	Capacity      uint
	FalsePositive float64
	Numbers       []int64
	Texts         []string
	// SizesOf asks for the sizes of empty filters instead.
	SizesOf []uint
}

type reply struct {
	Filter   json.Marshaler `json:"filter,omitempty"`
	NsPerKey float64        `json:"nsPerKey,omitempty"`
	Sizes    [][2]uint64    `json:"sizes,omitempty"`
}

type filter interface {
	json.Marshaler
	Add(key []byte)
	AddString(key string)
}

type basic struct{ *bloom.BloomFilter }

func (f basic) Add(key []byte)       { f.BloomFilter.Add(key) }
func (f basic) AddString(key string) { f.BloomFilter.AddString(key) }

type blocked struct{ *blobloom.Filter }

func (f blocked) Add(key []byte)       { f.Filter.Add(xxh3.Hash(key)) }
func (f blocked) AddString(key string) { f.Filter.Add(xxh3.HashString(key)) }

func fill(r request) reply {
	var f filter
	if r.Kind == "basic" {
		f = basic{bloom.NewWithEstimates(r.Capacity, r.FalsePositive)}
	} else {
		f = blocked{blobloom.NewOptimized(config(r.Capacity, r.FalsePositive))}
	}
	start := time.Now()
	key := make([]byte, 8)
	for _, number := range r.Numbers {
		binary.LittleEndian.PutUint64(key, uint64(number))
		f.Add(key)
	}
	for _, text := range r.Texts {
		f.AddString(text)
	}
	keys := len(r.Numbers) + len(r.Texts)
	return reply{Filter: f, NsPerKey: float64(time.Since(start).Nanoseconds()) / float64(max(keys, 1))}
}

func sizes(r request) reply {
	var out [][2]uint64
	for _, capacity := range r.SizesOf {
		if r.Kind == "basic" {
			m, k := bloom.EstimateParameters(capacity, r.FalsePositive)
			out = append(out, [2]uint64{uint64(m), uint64(k)})
		} else {
			bits, k := blobloom.Optimize(config(capacity, r.FalsePositive))
			out = append(out, [2]uint64{bits, uint64(max(k, 2))})
		}
	}
	return reply{Sizes: out}
}

func config(capacity uint, falsePositive float64) blobloom.Config {
	return blobloom.Config{Capacity: uint64(capacity), FPRate: falsePositive}
}

func main() {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	out := json.NewEncoder(os.Stdout)
	for in.More() {
		var r request
		if err := in.Decode(&r); err != nil {
			panic(err)
		}
		answer := fill
		if r.SizesOf != nil {
			answer = sizes
		}
		if err := out.Encode(answer(r)); err != nil {
			panic(err)
		}
	}
}
