#include "read_page_header.h"

namespace packed {
namespace {

using Reader = ThriftCompactReader;

/// The numbers of one struct by field id; what is not an i32 is skipped but for bools.
class Numbers {
 public:
  static constexpr int kMostFields = 9;

  /// Read one struct; fields beyond those of today's format are skipped, as are nested ones.
  explicit Numbers(Reader& reader) {
    for (auto field = reader.NextField(0); field.type != Reader::kStop;
         field = reader.NextField(field.id)) {
      const bool known = field.id > 0 && field.id < kMostFields;
      if (known && field.type == Reader::kI32) {
        Set(field.id, reader.ReadI32());
      } else if (known && (field.type == Reader::kTrue || field.type == Reader::kFalse)) {
        Set(field.id, field.type == Reader::kTrue ? 1 : 0);
      } else {
        reader.Skip(field.type);
      }
    }
  }

  bool Has(int id) const { return present_[id]; }
  int32_t Get(int id, int32_t absent = -1) const { return present_[id] ? values_[id] : absent; }

 private:
  void Set(int id, int32_t value) {
    present_[id] = true;
    values_[id] = value;
  }

  bool present_[kMostFields] = {};
  int32_t values_[kMostFields] = {};
};

void TakeDataV1(Reader& reader, ParsedPage* page) {
  const Numbers numbers(reader);
  page->values = numbers.Get(1);
  page->encoding = numbers.Get(2);
  page->definition_encoding = numbers.Get(3);
}

void TakeDictionary(Reader& reader, ParsedPage* page) {
  const Numbers numbers(reader);
  page->values = numbers.Get(1);
  page->encoding = numbers.Get(2);
}

void TakeDataV2(Reader& reader, ParsedPage* page) {
  const Numbers numbers(reader);
  page->values = numbers.Get(1);
  page->encoding = numbers.Get(4);
  page->definition_bytes = numbers.Get(5);
  page->repetition_bytes = numbers.Get(6);
  page->compressed = numbers.Get(7, 1) != 0;
}

/// Field ids of PageHeader.
enum : int16_t {
  kTypeField = 1,
  kUncompressedField = 2,
  kCompressedField = 3,
  kCrcField = 4,
  kDataField = 5,
  kDictionaryField = 7,
  kDataV2Field = 8,
};

}  // namespace

ThriftCompactReader::State ParsePageHeader(std::span<const uint8_t> bytes, ParsedPage* page) {
  Reader reader(bytes);
  *page = {};
  int32_t type = -1;
  int64_t uncompressed = -1;
  int64_t compressed = -1;
  int16_t described = 0;
  for (auto field = reader.NextField(0); field.type != Reader::kStop;
       field = reader.NextField(field.id)) {
    const bool number = field.type == Reader::kI32;
    const bool structure = field.type == Reader::kStruct;
    if (number && field.id == kTypeField) {
      type = reader.ReadI32();
    } else if (number && field.id == kUncompressedField) {
      uncompressed = reader.ReadI32();
    } else if (number && field.id == kCompressedField) {
      compressed = reader.ReadI32();
    } else if (number && field.id == kCrcField) {
      page->crc = static_cast<uint32_t>(reader.ReadI32());
    } else if (structure && field.id == kDataField) {
      TakeDataV1(reader, page);
      described = field.id;
    } else if (structure && field.id == kDictionaryField) {
      TakeDictionary(reader, page);
      described = field.id;
    } else if (structure && field.id == kDataV2Field) {
      TakeDataV2(reader, page);
      described = field.id;
    } else {
      reader.Skip(field.type);
    }
  }
  if (!reader.good()) return reader.state();
  if (type < 0 || type > static_cast<int32_t>(PageKind::kDataV2) || uncompressed < 0 ||
      compressed < 0) {
    return Reader::State::kBad;
  }
  page->kind = static_cast<PageKind>(type);
  page->header_bytes = static_cast<int64_t>(reader.position());
  page->uncompressed_bytes = uncompressed;
  page->compressed_bytes = compressed;
  if (page->kind == PageKind::kIndex) return Reader::State::kGood;
  constexpr int16_t kDescribedBy[] = {kDataField, 0, kDictionaryField, kDataV2Field};
  const bool complete = described == kDescribedBy[type] && page->values >= 0 &&
                        page->definition_bytes >= 0 && page->repetition_bytes >= 0;
  return complete ? Reader::State::kGood : Reader::State::kBad;
}

}  // namespace packed
