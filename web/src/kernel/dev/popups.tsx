import { useState } from "react";
import { useText } from "../i18n/area";
import {
  Button,
  Card,
  confirm,
  Dialog,
  Flyout,
  Folder,
  Input,
  Menu,
  type MenuItem,
  Pencil,
  Sheet,
  Trash2,
  toast,
  useMenu,
} from "../kit";
import { devText } from "./text";

/** A menu at its button, and one at the pointer. */
export function Menus() {
  const t = useText(devText);
  const [size, setSize] = useState("first");
  const { menu, openMenu } = useMenu(t.sample.more);
  const choices = (["first", "second"] as const).map((id) => ({
    id,
    label: t.sample[id],
    checked: size === id,
    run: () => setSize(id),
  }));
  const items: MenuItem[] = [
    { id: "open", label: t.sample.open, icon: Folder, shortcut: "Enter", run: () => toast(t.sample.open) },
    { id: "rename", label: t.sample.rename, icon: Pencil, disabled: true, run: () => {} },
    "-",
    `#${t.sample.size}`,
    ...choices,
    "-",
    { id: "remove", label: t.sample.remove, icon: Trash2, danger: true, run: () => toast(t.sample.moved) },
  ];
  return (
    <Card title={t.groups.menus}>
      <div className="row">
        <Menu
          label={t.sample.more}
          items={items}
          trigger={(button) => <Button {...button}>{t.sample.menu}</Button>}
        />
        <Button
          onContextMenu={(event) => {
            event.preventDefault();
            openMenu({ x: event.clientX, y: event.clientY }, items);
          }}
        >
          {t.sample.context}
        </Button>
      </div>
      {menu}
    </Card>
  );
}

/** What stands in front of the page: dialog, sheet, panel, question. */
export function Dialogs() {
  const t = useText(devText);
  const [open, setOpen] = useState<"dialog" | "sheet" | null>(null);
  const close = () => setOpen(null);
  const inside = {
    open: true,
    onClose: close,
    title: t.groups.dialogs,
    footer: (
      <Button variant="primary" onClick={close}>
        {t.sample.save}
      </Button>
    ),
    children: <Input label={t.sample.name} help={t.sample.help} />,
  };
  const question = {
    title: t.sample.questionTitle,
    body: t.sample.questionBody,
    action: t.sample.remove,
    danger: true,
  };
  return (
    <Card title={t.groups.dialogs}>
      <div className="row">
        <Button onClick={() => setOpen("dialog")}>{t.sample.dialog}</Button>
        <Button onClick={() => setOpen("sheet")}>{t.sample.sheet}</Button>
        <Flyout label={t.sample.more} trigger={(button) => <Button {...button}>{t.sample.flyout}</Button>}>
          {(leave) => <Button onClick={leave}>{t.sample.off}</Button>}
        </Flyout>
        <Button
          onClick={async () => {
            if (await confirm(question)) toast(t.sample.moved);
          }}
        >
          {t.sample.question}
        </Button>
      </div>
      {open === "dialog" && <Dialog {...inside} />}
      {open === "sheet" && <Sheet {...inside} />}
    </Card>
  );
}

/** Short messages: said, with a way back, and of what went wrong. */
export function Messages() {
  const t = useText(devText);
  return (
    <Card title={t.groups.messages}>
      <div className="row">
        <Button onClick={() => toast({ text: t.sample.saved, tone: "ok" })}>{t.sample.toast}</Button>
        <Button onClick={() => toast({ text: t.sample.moved, undo: () => toast(t.sample.ok) })}>
          {t.sample.toastUndo}
        </Button>
        <Button onClick={() => toast({ text: t.sample.broken, tone: "bad" })}>{t.sample.toastBad}</Button>
      </div>
    </Card>
  );
}
