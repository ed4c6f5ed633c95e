resource "null_resource" "lxc" {}
