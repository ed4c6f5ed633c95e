output "id" {
  value = proxmox_virtual_environment_container.this.id
}
