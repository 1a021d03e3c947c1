import { Link } from "@tanstack/react-router";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { type NavItem, useNav } from "./nav";
import { QuotaMeter } from "./quota";

export function SideBar() {
  const t = useText(kernelText);
  const nav = useNav();
  const server = nav.filter((item) => item.section === "server");
  return (
    <nav className="side" aria-label={t.nav.main}>
      <ul className="side-list">
        {nav
          .filter((item) => item.section === "main")
          .map((item) => (
            <li key={item.to}>
              <NavLink item={item} />
            </li>
          ))}
      </ul>
      {server.length > 0 && (
        <>
          <h2 className="side-title">{t.nav.server}</h2>
          <ul className="side-list">
            {server.map((item) => (
              <li key={item.to}>
                <NavLink item={item} />
              </li>
            ))}
          </ul>
        </>
      )}
      <QuotaMeter className="side-quota" />
    </nav>
  );
}

export function NavLink({ item, size = 20 }: { item: NavItem; size?: number }) {
  const t = useText(kernelText);
  const { icon: Shape } = item;
  return (
    <Link
      to={item.to}
      params={item.params as never}
      className="nav-link"
      activeProps={{ "aria-current": "page" }}
      activeOptions={{ exact: item.exact ?? false, includeSearch: false }}
    >
      <Shape size={size} strokeWidth={1.75} aria-hidden />
      <span className="nav-text">{t.nav[item.label]}</span>
    </Link>
  );
}
