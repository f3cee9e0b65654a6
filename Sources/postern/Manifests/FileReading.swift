import JSONBytes

/// Reads the documents of one file. An error in one of them does not prevent the others from being read.
struct FileReading {
  /// The file's name as it was given.
  let file: String
  /// Whether the file was found in a folder. There, documents that are not manifests are skipped.
  let isOneOfMany: Bool

  func read(_ bytes: [UInt8], into reading: inout ManifestReading) {
    let text = ManifestText(bytes)
    if let line = text.damagedLine {
      reading.remarks.append(
        "\(file): line \(line) holds bytes that are no text; kubectl puts U+FFFD in their place. Save the file as UTF-8"
      )
    }
    var own = ManifestReading()
    if JSONConversion.isJSON(text.text) {
      readJSON(text.text, into: &own)
    } else {
      readYAML(text.text, into: &own)
    }
    if isOneOfMany, !own.errors.isEmpty, YAMLHint.isTemplate(text.text) {
      reading.remarks.append("\(file): passed over: \(YAMLHint.template)")
      reading.hasDocuments = true
      return
    }
    reading.append(own)
  }

  /// - Parameters:
  ///   - line: the line of the file on which the text begins.
  ///   - count: the number of documents before it.
  /// - Returns: whether the first document is a mapping.
  @discardableResult private func readYAML(
    _ text: String, from line: Int = 1, after count: Int = 0, into reading: inout ManifestReading
  ) -> Bool {
    var isMapping: Bool?
    do throws(ManifestFault) {
      let documents = try ManifestDocument.all(in: text, from: line, after: count)
      // Comments before a document are kept with it.
      var comments = ""
      for document in documents {
        guard !document.isBlank else {
          comments += document.text
          continue
        }
        let value = read(document, of: count + documents.count, comments: comments, into: &reading)
        if case .object? = value { isMapping = isMapping ?? true } else { isMapping = isMapping ?? false }
        comments = ""
      }
    } catch {
      reading.errors.append("\(file): is not YAML: \(error.message)")
    }
    return isMapping ?? reading.errors.isEmpty
  }

  private func read(
    _ document: ManifestDocument, of count: Int, comments: String, into reading: inout ManifestReading
  ) -> JSONValue? {
    do throws(ManifestFault) {
      guard let converted = try YAMLConversion.convert(document) else { return .null }
      if converted.hasMore {
        reading.remarks.append(
          "\(file): document \(document.number), which begins on line \(document.line), goes on behind its end, which"
            + " kubectl does not read; divide documents by ---")
      }
      add(
        converted, number: document.number, of: count, text: converted.hasMore ? nil : comments + document.text,
        to: &reading)
      return converted.value
    } catch {
      reading.errors.append("\(file): is not YAML: \(error.message)")
      return nil
    }
  }

  private func readJSON(_ text: String, into reading: inout ManifestReading) {
    var conversion = JSONConversion(text)
    var count = 0
    do throws(ManifestFault) {
      while let (converted, number) = try conversion.next() {
        count = number
        add(converted, number: number, of: number, text: nil, to: &reading)
      }
    } catch {
      let rest = conversion.rest
      var other = ManifestReading()
      // If it is not YAML either, the JSON error explains more.
      if conversion.isOver, readYAML(rest.text, from: rest.line, after: count, into: &other) {
        reading.append(other)
      } else {
        let hint = YAMLHint.isTemplate(rest.text) ? "; \(YAMLHint.template)" : ""
        reading.errors.append("\(file): is not JSON: \(error.message)\(hint)")
      }
    }
  }

  private func add(
    _ document: ConvertedDocument, number: Int, of count: Int, text: String?, to reading: inout ManifestReading
  ) {
    guard document.value != .null else { return }
    reading.hasDocuments = true
    do throws(NoManifest) {
      try ManifestList.check(document.value)
      guard document.value["items"] != nil else {
        reading.manifests.append(
          Manifest(file: file, line: document.line, object: document.value, places: document.places, text: text)
            .withTextsForNull)
        return
      }
      let places = ManifestList.places(document.places)
      for item in try ManifestList.items(of: document.value) {
        let own = places[item.index] ?? [:]
        reading.manifests.append(
          Manifest(file: file, line: own[""]?.line ?? document.line, object: item.object, places: own).withTextsForNull)
      }
    } catch {
      let which = count > 1 ? "document \(number) is" : "is"
      if isOneOfMany, error.isOtherFile {
        reading.remarks.append(
          "\(file):\(document.line): passed over: \(which) no Kubernetes manifest: \(error.reason)")
      } else {
        reading.errors.append(
          "\(file):\(document.line): \(which) no Kubernetes manifest: \(error.reason); \(error.advice)")
      }
    }
  }
}
