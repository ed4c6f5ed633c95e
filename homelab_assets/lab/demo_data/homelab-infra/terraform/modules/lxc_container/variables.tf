variable "node_name" {
  description = "Proxmox node."
  type        = string
}
