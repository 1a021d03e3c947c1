// The inventory in three figures, for Home; nothing for those who have no devices.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { Card, LinkButton } from "@/kernel/kit";
import { statsQuery } from "./api";
import { useInventoryLive } from "./live";
import { inventoryText } from "./text";
import "./tiles.css";

export default function InventoryTiles() {
  const t = useText(inventoryText);
  const format = useFormat();
  const { data } = useQuery(statsQuery);
  useInventoryLive();
  if (!data || data.total_devices === 0) return null;
  const checked = data.reachable_devices + data.unreachable_devices;
  return (
    <Card
      title={t.title}
      actions={
        <LinkButton to="/server/inventory" search={{}} variant="ghost">
          {t.tiles.all}
        </LinkButton>
      }
    >
      <dl className="inventory-tiles">
        <div>
          <dt className="meta">{t.tiles.devices}</dt>
          <dd className="figure">
            <Link to="/server/inventory" search={{}}>
              {format.number(data.total_devices)}
            </Link>
          </dd>
        </div>
        <div>
          <dt className="meta">{t.tiles.monitored}</dt>
          <dd className="figure">
            <Link to="/server/inventory" search={{ monitoring_enabled: true }}>
              {format.number(data.enabled_devices)}
            </Link>
          </dd>
        </div>
        <div>
          <dt className="meta">{t.tiles.reachable}</dt>
          {checked > 0 ? (
            <dd className="figure">{t.shown(data.reachable_devices, checked)}</dd>
          ) : (
            <dd>
              <Link to="/server/inventory/monitoring">{t.tiles.switchOn}</Link>
            </dd>
          )}
        </div>
      </dl>
    </Card>
  );
}
