import Contract
import Foundation
import Testing

/// Who may write an annotation is said of each.
struct AnnotationKeyTests {
  @Test func eachKeyIsInOneList() throws {
    let file = URL(filePath: #filePath).appending(path: "../../../Sources/Contract/AnnotationKey.swift")
    let declared = try String(contentsOf: file.standardizedFileURL, encoding: .utf8)
      .matches(of: /static let \w+ = "(postern\.io\/[^"]+)"/).map { String($0.1) }
    let listed =
      AnnotationKey.all + AnnotationKey.outputs + AnnotationKey.ownOutputs
      + [AnnotationKey.customerLabel, AnnotationKey.connectLabel]
    #expect(declared.sorted() == listed.sorted())
  }
}
