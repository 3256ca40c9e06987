// For tests alone: a document with everything that a format can get wrong, among it what an
// attacker would like an office program to compute.
#ifndef CHAYAN_GATEWAY_REPORT_SAMPLE_DOCUMENT_FOR_TEST_H_
#define CHAYAN_GATEWAY_REPORT_SAMPLE_DOCUMENT_FOR_TEST_H_

#include "gateway/report/table.h"

namespace chayan::report {

inline Document SampleDocument() {
  Document document;
  document.title = "半年報 half-year";
  document.facts = {{"期間", "2026-01-01 至 2026-06-30"}, {"count", "12"}};
  document.tables = {
      {.name = "cells",
       .title = "各種內容",
       .header = {"代碼", "value", "note"},
       .rows = {{"formula", "=HYPERLINK(\"http://evil.example\";\"x\")", "+1"},
                {"at", "@SUM(A1)", "-2"},
                {"number", "007", "1.5"},
                {"date", "2026-01-15", "民國115年1月15日"},
                {"xml", "<a href='x'>&amp;</a>", "a \"quoted\" one, with comma"},
                {"spaces", "two  spaces", " at both ends "},
                {"lines", "first\nsecond", "a line\n\nand, after an empty one, a line"},
                {"rare", "𠮷 堃 ‧ Ā", "𫝀"},
                {"empty", "", "after an empty cell"}}},
      {.name = "none", .title = "empty table", .header = {"a", "b"}, .rows = {}}};
  return document;
}

}  // namespace chayan::report

#endif  // CHAYAN_GATEWAY_REPORT_SAMPLE_DOCUMENT_FOR_TEST_H_
