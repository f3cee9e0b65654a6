import Linux
import PostgresProvisioner

let arguments: [String]
do throws(FileError) { arguments = try CurrentProcess.arguments() } catch {
  CurrentProcess.writeError("postern-sidecar: cannot read its arguments: \(error.message)\n")
  CurrentProcess.exit(2)
}
MemoryLimit.use()
CurrentProcess.exit(SidecarCommand(Array(arguments.dropFirst()), passes: .provisioner()).run())
