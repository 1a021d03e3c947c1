import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { Card, LinkButton, Time } from "@/kernel/kit";
import { type FileItem, listFolder } from "@/storage/files/api";
import { folderKey } from "@/storage/files/cache";
import { iconOf } from "@/storage/files/icon-of";
import { encodePath } from "@/storage/files/names";
import { homeText } from "./text";

const SHOWN = 6;

const recentQuery = queryOptions({
  // Below the folder, so that whatever renews the folder renews this too.
  queryKey: [...folderKey(""), "recent"],
  queryFn: () => listFolder({ path: "", sort: "modified", order: "desc", filter: "" }, 0, SHOWN),
  staleTime: 0,
  retry: false,
});

/** What changed last at the top of one's own files; nothing while there are none. */
export default function Recent() {
  const t = useText(homeText);
  const { data } = useQuery(recentQuery);
  if (!data || data.files.length === 0) return null;
  return (
    <Card
      title={t.recent}
      actions={
        <LinkButton to="/files/$" params={{ _splat: "" }} search={{}} variant="ghost">
          {t.all}
        </LinkButton>
      }
    >
      <ul className="recent">
        {data.files.map((item) => (
          <li key={item.path}>
            <Row item={item} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Row({ item }: { item: FileItem }) {
  const format = useFormat();
  const Shape = iconOf(item);
  const inside = (
    <>
      <Shape size={24} strokeWidth={1.75} aria-hidden />
      <span className="truncate grow">{item.name}</span>
      <span className="meta">
        <Time value={item.modified_at} exact={format.exact(item.modified_at)}>
          {format.when(item.modified_at)}
        </Time>
      </span>
    </>
  );
  return item.type === "directory" ? (
    <Link to="/files/$" params={{ _splat: item.path }} search={{}} className="recent-row">
      {inside}
    </Link>
  ) : (
    <a href={`/api/files/download/${encodePath(item.path)}`} download={item.name} className="recent-row">
      {inside}
    </a>
  );
}
