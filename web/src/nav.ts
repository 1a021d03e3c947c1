// Side bar, phone bar and palette, in order; and the parts that stay while pages change.
import type { ComponentType } from "react";
import { Folder, House, Server, Trash2, Users } from "./kernel/kit/icons";
import { lazyLater } from "./kernel/router/lazy";
import type { NavItem } from "./kernel/shell/nav";

export const nav: readonly NavItem[] = [
  { to: "/", label: "home", icon: House, section: "main", phone: true, exact: true },
  { to: "/files/$", params: { _splat: "" }, label: "files", icon: Folder, section: "main", phone: true },
  { to: "/trash", label: "trash", icon: Trash2, section: "main", phone: true },
  { to: "/server/inventory", label: "inventory", icon: Server, section: "server" },
  { to: "/server/people", label: "people", icon: Users, section: "server", admin: true },
];

export const parts: readonly ComponentType[] = [
  lazyLater(() => import("./storage/uploads/host")),
  lazyLater(() => import("./storage/files/follow")),
  lazyLater(() => import("./home/add")),
];
