import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useText } from "@/kernel/i18n/area";
import { Page, PageHeader, Tabs } from "@/kernel/kit";
import { useUser } from "@/kernel/session/session";
import { identityText } from "../text";
import { Appearance } from "./appearance";
import "./account.css";
import { Profile } from "./profile";
import { Security } from "./security";

const route = getRouteApi("/app/account");

export function AccountPage() {
  const t = useText(identityText).account;
  const user = useUser();
  const navigate = useNavigate();
  const { tab = "profile" } = route.useSearch();
  return (
    <Page className="account">
      <PageHeader title={t.title} lead={user.username} />
      <Tabs
        label={t.title}
        active={tab}
        onChange={(next) => void navigate({ to: "/account", search: { tab: next }, replace: true })}
        tabs={[
          { id: "profile", label: t.tabs.profile, panel: <Profile /> },
          { id: "security", label: t.tabs.security, panel: <Security /> },
          { id: "appearance", label: t.tabs.appearance, panel: <Appearance /> },
        ]}
      />
    </Page>
  );
}
