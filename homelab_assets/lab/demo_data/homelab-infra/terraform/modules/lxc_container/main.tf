resource "proxmox_virtual_environment_container" "this" {
  node_name = var.node_name
}
