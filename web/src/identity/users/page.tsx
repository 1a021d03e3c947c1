import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { kernelText } from "@/kernel/i18n/kernel";
import {
  Avatar,
  Badge,
  Ban,
  Button,
  Check,
  type Column,
  confirm,
  Ellipsis,
  EmptyState,
  ErrorState,
  IconButton,
  Input,
  Menu,
  type MenuItem,
  Page,
  PageHeader,
  Pencil,
  Skeleton,
  Table,
  Time,
  Trash2,
  toast,
  UserPlus,
  Users,
} from "@/kernel/kit";
import { useUser } from "@/kernel/session/session";
import type { User } from "@/kernel/session/types";
import { useActions } from "@/kernel/shell/actions";
import { identityText } from "../text";
import { changePerson, gradeOf, peopleQuery, removePerson } from "./api";
import { PersonDialog } from "./dialog";
import "./users.css";

export function PeoplePage() {
  const t = useText(identityText).people;
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.trim());
  const people = useQuery(peopleQuery(search));
  const [edited, setEdited] = useState<User | "new" | null>(null);
  useActions([{ id: "add-person", label: t.add, icon: UserPlus, run: () => setEdited("new") }]);

  const data = people.data;
  return (
    <Page>
      <PageHeader
        title={t.title}
        lead={data && t.lead(data.total, data.admins)}
        actions={
          <Button variant="primary" icon={UserPlus} onClick={() => setEdited("new")}>
            {t.add}
          </Button>
        }
      />
      <Input
        type="search"
        className="people-search"
        label={t.search}
        hideLabel
        placeholder={t.search}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {people.isPending && <Skeleton lines={6} />}
      {people.isError && !data && <ErrorState error={people.error} retry={people.refetch} />}
      {data && data.users.length > 0 && <PeopleTable users={data.users} onEdit={setEdited} />}
      {data?.users.length === 0 && (
        <EmptyState
          icon={Users}
          title={t.none}
          action={<Button onClick={() => setTyped("")}>{t.clear}</Button>}
        >
          {t.noneHint}
        </EmptyState>
      )}
      {edited && <PersonDialog person={edited} onClose={() => setEdited(null)} />}
    </Page>
  );
}

function PeopleTable({ users, onEdit }: { users: User[]; onEdit: (user: User) => void }) {
  const t = useText(identityText).people;
  const format = useFormat();
  const self = useUser();
  const itemsFor = useItems(onEdit);
  const columns: Column<User>[] = [
    {
      id: "name",
      label: t.name,
      isName: true,
      cell: (user) => <Name user={user} isSelf={user.id === self.id} />,
    },
    { id: "role", label: t.role, cell: (user) => t.roles[gradeOf(user)] },
    {
      id: "quota",
      label: t.quota,
      cell: (user) => (user.quota_bytes === null ? t.noLimit : format.bytes(user.quota_bytes)),
    },
    {
      id: "since",
      label: t.since,
      cell: (user) => (
        <Time value={user.created_at} exact={format.exact(user.created_at)}>
          {format.day(user.created_at)}
        </Time>
      ),
    },
    {
      id: "state",
      label: t.state,
      cell: (user) => (
        <Badge tone={user.is_active ? "ok" : "bad"} icon={user.is_active ? Check : Ban}>
          {user.is_active ? t.active : t.inactive}
        </Badge>
      ),
    },
    {
      id: "actions",
      label: t.actions,
      hideLabel: true,
      cell: (user) => (
        <Menu
          label={t.actionsFor(user.username)}
          items={() => itemsFor(user)}
          trigger={(button) => <IconButton {...button} icon={Ellipsis} label={t.actionsFor(user.username)} />}
        />
      ),
    },
  ];
  return <Table caption={t.title} columns={columns} rows={users} rowKey={(user) => user.id} />;
}

function Name({ user, isSelf }: { user: User; isSelf: boolean }) {
  const t = useText(identityText).people;
  return (
    <span className="person">
      <Avatar user={user} />
      <span>
        <span className="row">
          {user.username}
          {isSelf && <Badge>{t.you}</Badge>}
        </span>
        {user.email && <span className="meta">{user.email}</span>}
      </span>
    </span>
  );
}

function useItems(onEdit: (user: User) => void): (user: User) => MenuItem[] {
  const t = useText(identityText).people;
  const words = useText(kernelText);
  const self = useUser();
  const fail = (error: unknown) => void toast({ text: problemText(error, words.problem), tone: "bad" });

  async function setActive(user: User, is_active: boolean): Promise<void> {
    await changePerson(user.id, { is_active });
    const undo = () => setActive(user, !is_active).catch(fail);
    toast({ text: (is_active ? t.unblocked : t.blocked)(user.username), undo });
  }
  async function remove(user: User): Promise<void> {
    const name = user.username;
    const question = { title: t.removeTitle(name), body: t.removeBody, action: t.removeAction(name) };
    if (!(await confirm({ ...question, danger: true }))) return;
    await removePerson(user.id);
    toast({ text: t.removed(name), tone: "ok" });
  }
  return (user) => {
    const edit: MenuItem = { id: "edit", label: t.edit, icon: Pencil, run: () => onEdit(user) };
    if (user.id === self.id) return [edit];
    return [
      edit,
      {
        id: "active",
        label: user.is_active ? t.block : t.unblock,
        icon: user.is_active ? Ban : Check,
        run: () => void setActive(user, !user.is_active).catch(fail),
      },
      "-",
      { id: "remove", label: t.remove, icon: Trash2, danger: true, run: () => void remove(user).catch(fail) },
    ];
  };
}
