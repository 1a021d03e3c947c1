import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { Button, Page, PageHeader, Plus, Tabs } from "@/kernel/kit";
import { Back } from "./back";
import { Models, Places, Vendors } from "./catalogue-lists";
import { type Asked, EntryDialog } from "./entry-dialog";
import { useInventoryLive } from "./live";
import { useMayWrite } from "./may";
import { useRemoveEntry } from "./remove-entry";
import { Templates } from "./templates";
import { inventoryText } from "./text";
import "./inventory.css";

export function CataloguesPage() {
  const t = useText(inventoryText).catalogue;
  const { tab = "vendors", vendor } = useSearch({ from: "/app/server/inventory/catalogues" });
  const navigate = useNavigate();
  const mayWrite = useMayWrite();
  const [asked, setAsked] = useState<Asked | null>(null);
  const { remove, refused } = useRemoveEntry();
  useInventoryLive();
  const ask = mayWrite ? setAsked : undefined;
  return (
    <Page>
      <Back />
      <PageHeader
        title={t.title}
        lead={t.lead}
        actions={
          mayWrite &&
          tab !== "templates" && (
            <Button
              variant="primary"
              icon={Plus}
              onClick={() => setAsked({ act: "add", kind: tab, parent: null, vendor: vendor ?? null })}
            >
              {t.add[tab]}
            </Button>
          )
        }
      />
      <Tabs
        label={t.title}
        active={tab}
        onChange={(next) => void navigate({ to: "/server/inventory/catalogues", search: { tab: next } })}
        tabs={[
          { id: "vendors", label: t.tab.vendors, panel: <Vendors ask={ask} remove={remove} /> },
          { id: "models", label: t.tab.models, panel: <Models ask={ask} remove={remove} vendor={vendor} /> },
          { id: "locations", label: t.tab.locations, panel: <Places ask={ask} remove={remove} /> },
          { id: "templates", label: t.tab.templates, panel: <Templates mayWrite={mayWrite} /> },
        ]}
      />
      {asked && <EntryDialog asked={asked} onClose={() => setAsked(null)} />}
      {refused}
    </Page>
  );
}
