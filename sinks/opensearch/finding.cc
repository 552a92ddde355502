#include "sinks/opensearch/finding.h"

namespace sparktail {

void AddFindings(const std::string& subject, const std::vector<Finding>& findings,
                 CheckReport* report) {
  for (const Finding& finding : findings) {
    switch (finding.verdict) {
      case Finding::Verdict::kOk:
        report->Ok(subject, finding.text);
        break;
      case Finding::Verdict::kDoubt:
        report->Doubt(subject, finding.text);
        break;
      case Finding::Verdict::kBroken:
        report->Broken(subject, finding.text);
        break;
    }
  }
}

}  // namespace sparktail
