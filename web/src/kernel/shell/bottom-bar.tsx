import { Link } from "@tanstack/react-router";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { Menu, MenuLines, Plus } from "../kit";
import { useOfferedActions } from "./actions";
import { useNav } from "./nav";
import { NavLink } from "./side-bar";

/** The phone's navigation; the + button is there as soon as something can be added. */
export function BottomBar() {
  const t = useText(kernelText);
  const items = useNav().filter((item) => item.phone);
  const adding = useOfferedActions().filter((action) => action.adds);
  const half = Math.ceil(items.length / 2);
  return (
    <nav className="bottom" aria-label={t.nav.main}>
      {items.slice(0, half).map((item) => (
        <NavLink key={item.to} item={item} size={24} />
      ))}
      {adding.length > 0 && (
        <Menu
          label={t.nav.add}
          items={adding}
          trigger={(button) => (
            <button {...button} type="button" className="plus" aria-label={t.nav.add}>
              <Plus size={24} strokeWidth={1.75} aria-hidden />
            </button>
          )}
        />
      )}
      {items.slice(half).map((item) => (
        <NavLink key={item.to} item={item} size={24} />
      ))}
      <Link to="/more" className="nav-link" activeProps={{ "aria-current": "page" }}>
        <MenuLines size={24} strokeWidth={1.75} aria-hidden />
        <span className="nav-text">{t.nav.more}</span>
      </Link>
    </nav>
  );
}
