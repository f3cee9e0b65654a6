/// A customer to whose databases the tests' applications connect.
enum ConnectedCustomer {
  static let manifest = """
    apiVersion: apps/v1
    kind: StatefulSet
    metadata:
      name: db
      labels: {postern.io/customer: acme}
      annotations:
        postern.io/service: make
        postern.io/users: "[shop, {name: reader, grants: {orders: read}}]"
        postern.io/databases: "[{name: orders, owner: shop}]"
    spec:
      serviceName: db
      selector: {matchLabels: {app: db}}
      template:
        metadata: {labels: {app: db}}
        spec: {containers: [{name: postgres, image: "postgres:17"}]}
    """
}
