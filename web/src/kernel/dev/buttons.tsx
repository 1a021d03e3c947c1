import { useState } from "react";
import { useText } from "../i18n/area";
import { Button, Card, ChevronDown, House, IconButton, LinkButton, Plus, Trash2 } from "../kit";
import { devText } from "./text";

const VARIANTS = ["primary", "secondary", "ghost", "danger"] as const;

/** Each kind of button: usual, busy, off; the buttons that are only an icon; links. */
export function Buttons() {
  const t = useText(devText);
  const [on, setOn] = useState(true);
  return (
    <Card title={t.groups.buttons}>
      {VARIANTS.map((variant) => (
        <div key={variant} className="row">
          <Button variant={variant} icon={variant === "danger" ? Trash2 : Plus}>
            {variant === "danger" ? t.sample.remove : t.sample.save}
          </Button>
          <Button variant={variant} trailing={ChevronDown}>
            {t.sample.more}
          </Button>
          <Button variant={variant} busy>
            {t.sample.busy}
          </Button>
          <Button variant={variant} disabled>
            {t.sample.off}
          </Button>
        </div>
      ))}
      <div className="row">
        <IconButton icon={Plus} label={t.sample.add} shortcut="Ctrl+N" />
        <IconButton icon={House} label={t.sample.star} aria-pressed={on} onClick={() => setOn(!on)} />
        <IconButton icon={Trash2} label={t.sample.remove} disabled />
        <LinkButton to="/" icon={House}>
          {t.sample.link}
        </LinkButton>
        <Button data-tip={t.sample.tip}>{t.sample.open}</Button>
      </div>
      <Button wide>{t.sample.long}</Button>
    </Card>
  );
}
