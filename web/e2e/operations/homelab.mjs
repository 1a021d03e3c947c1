// A home network of sixty devices as somebody wrote it down; with or without three slips of the pen.
const HEAD = "name,device_type,ip_address,function,vendor,model,location,networks,poe_powered,monitoring_enabled,tags";
const KINDS = [
  ["proxmox", "linux_server_physical", "Hypervisor", "Supermicro", "X11SSH-F", "Home / Basement / Rack A", "LAN"],
  ["vm", "linux_server_virtual", "Services", "", "", "Home / Basement / Rack A", "LAN"],
  ["switch", "network_switch", "Backbone", "Ubiquiti", "USW-24-PoE", "Home / Basement / Rack A", "ALL"],
  ["ap", "wireless_ap", "Wi-Fi", "Ubiquiti", "U6 Pro", "Home / Upstairs", "ALL"],
  ["cam", "ip_camera", "Watches the yard", "Reolink", "RLC-810A", "Garden", "IoT"],
  ["plug", "iot_device", "Measures power", "Shelly", "Plus Plug S", "Home / Kitchen", "IoT"],
];
export const COUNT = 60;

export function homelab({ slips = false } = {}) {
  const rows = Array.from({ length: COUNT }, (_, n) => {
    const [word, ...rest] = KINDS[n % KINDS.length];
    const poe = word === "ap" || word === "cam";
    const cells = [`${word}-${String(n).padStart(2, "0")}`, rest[0], `192.168.10.${n + 1}`, ...rest.slice(1)];
    return [...cells, poe, n % 5 !== 3, word === "cam" ? "outdoor; night" : ""];
  });
  if (slips) {
    rows[10][2] = "192.168.10.311";
    rows[26][1] = "network_swich";
    rows[41][0] = rows[5][0];
  }
  return [HEAD, ...rows.map((cells) => cells.join(","))].join("\n");
}
