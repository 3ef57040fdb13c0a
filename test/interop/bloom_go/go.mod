module bloom_go

go 1.21

require (
	github.com/bits-and-blooms/bloom/v3 v3.0.1
	github.com/greatroar/blobloom v0.0.0
	github.com/zeebo/xxh3 v1.0.2
)

require (
	github.com/bits-and-blooms/bitset v1.2.0 // indirect
	github.com/klauspost/cpuid/v2 v2.0.9 // indirect
)

replace github.com/greatroar/blobloom => github.com/milvus-io/blobloom v0.0.0-20240603110411-471ae49f3b93
