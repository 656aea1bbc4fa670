#include "files/zip_writer.hpp"

#include <algorithm>

#include "files/zip_format.hpp"

namespace cv::mixmim {

using namespace zip;

namespace {

constexpr uint64_t kAlignment = 64, kExtraHeader = 4;
constexpr uint16_t kVersion = 20, kWideVersion = 45;  ///< of the format that a reader needs

/// Little-endian numbers, one behind the other.
class Record {
 public:
  Record& add(uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) text_ += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
  Record& u16(uint64_t value) { return add(value, 2); }
  Record& u32(uint64_t value) { return add(value, 4); }
  Record& u64(uint64_t value) { return add(value, 8); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// An extra field (id "FB", as PyTorch's own) that fills up to the next multiple of 64.
std::string padding(uint64_t end) {
  const uint64_t fill = (kAlignment - (end + kExtraHeader) % kAlignment) % kAlignment;
  constexpr uint16_t kId = 'F' | 'B' << 8;
  return Record().u16(kId).u16(fill).text() + std::string(fill, 'Z');
}

/// The fields that local header and directory entry share: method, time, CRC-32, sizes, length of the name.
void addFacts(Record& record, uint32_t crc, uint64_t size, size_t nameBytes) {
  constexpr uint32_t kFirstOfJanuary1980 = 0x00210000;  // the same content is the same file
  record.u16(0 /*flags*/)
      .u16(0 /*stored*/)
      .u32(kFirstOfJanuary1980)
      .u32(crc)
      .u32(size)
      .u32(size)
      .u16(nameBytes);
}

}  // namespace

void ZipWriter::add(const std::string& name, std::string_view content) {
  const auto header = static_cast<uint64_t>(file_.size());
  const uint32_t crc = crcOf(content);
  const std::string extra = padding(header + kLocalBytes + name.size());
  Record record;
  record.u32(kLocal).u16(kVersion);
  addFacts(record, crc, content.size(), name.size());
  record.u16(extra.size());
  file_.write(record.text() + name + extra);
  file_.write(content);
  entries_.push_back({name, content.size(), header, crc});
}

void ZipWriter::commit() {
  const auto begin = static_cast<uint64_t>(file_.size());
  std::string directory;
  for (const Entry& entry : entries_) {
    const bool wide = entry.header >= kNarrow32;
    Record extra, record;
    if (wide) extra.u16(kWideExtra).u16(sizeof entry.header).u64(entry.header);
    record.u32(kEntry).u16(kWideVersion).u16(wide ? kWideVersion : kVersion);
    addFacts(record, entry.crc, entry.size, entry.name.size());
    record.u16(extra.text().size()).u16(0 /*comment*/).u16(0 /*disk*/).u16(0).u32(0 /*attributes*/);
    record.u32(wide ? kNarrow32 : entry.header);
    directory += record.text() + entry.name + extra.text();
  }
  const uint64_t count = entries_.size(), end = begin + directory.size();
  Record last;
  if (begin >= kNarrow32 || count >= kNarrow16) {
    last.u32(kWideEnd).u64(kWideEndBytes - 12).u16(kWideVersion).u16(kWideVersion).u32(0).u32(0);
    last.u64(count).u64(count).u64(directory.size()).u64(begin);
    last.u32(kWideLocator).u32(0).u64(end).u32(1);
  }
  const uint64_t shown = std::min(count, kNarrow16);
  last.u32(kEnd).u16(0).u16(0).u16(shown).u16(shown).u32(std::min<uint64_t>(directory.size(), kNarrow32));
  last.u32(std::min(begin, kNarrow32)).u16(0);
  file_.write(directory);
  file_.write(last.text());
  file_.commit();
}

}  // namespace cv::mixmim
