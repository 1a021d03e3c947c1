// All of the navigation as a page, for the phone.
import { Link } from "@tanstack/react-router";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { Button, Card, LogOut, Page, PageHeader, User } from "../kit";
import { useUser } from "../session/session";
import { useSignOut } from "./account-menu";
import { useNav } from "./nav";
import { QuotaMeter } from "./quota";
import { NavLink } from "./side-bar";

export function MorePage() {
  const t = useText(kernelText);
  const user = useUser();
  const nav = useNav();
  const leave = useSignOut();
  return (
    <Page>
      <PageHeader title={t.nav.more} lead={user.username} />
      <Card>
        <ul className="more-list">
          {nav.map((item) => (
            <li key={item.to}>
              <NavLink item={item} />
            </li>
          ))}
          <li>
            <Link to="/account" className="nav-link">
              <User size={20} strokeWidth={1.75} aria-hidden />
              <span>{t.account.settings}</span>
            </Link>
          </li>
        </ul>
      </Card>
      <QuotaMeter />
      <Button icon={LogOut} onClick={leave} wide>
        {t.account.signOut}
      </Button>
    </Page>
  );
}
