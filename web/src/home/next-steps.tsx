// What is worth doing once; a step goes away when it is done or hidden.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { twoStepQuery } from "@/identity/auth/api";
import { peopleQuery } from "@/identity/users/api";
import { useText } from "@/kernel/i18n/area";
import { Card, IconButton, Line, LinkButton, toast, X } from "@/kernel/kit";
import { useIsAdmin } from "@/kernel/session/session";
import { homeText } from "./text";

const KEY = "balu.hidden-steps";

export default function NextSteps() {
  const t = useText(homeText);
  const isAdmin = useIsAdmin();
  const [hidden, setHidden] = useState(read);
  const twoStep = useQuery(twoStepQuery);
  const people = useQuery({ ...peopleQuery(""), enabled: isAdmin });

  function change(next: string[]): void {
    setHidden(next);
    localStorage.setItem(KEY, JSON.stringify(next));
  }
  function hide(id: string): void {
    change([...hidden, id]);
    toast({ text: t.hidden, undo: () => change(hidden) });
  }

  const steps = [
    twoStep.data?.enabled === false && {
      id: "two-step",
      title: t.twoStep,
      note: t.twoStepNote,
      button: (
        <LinkButton to="/account" search={{ tab: "security" }}>
          {t.twoStepAction}
        </LinkButton>
      ),
    },
    people.data?.total === 1 && {
      id: "invite",
      title: t.invite,
      note: t.inviteNote,
      button: <LinkButton to="/server/people">{t.inviteAction}</LinkButton>,
    },
  ].filter((step) => step !== false && step !== undefined && !hidden.includes(step.id));
  if (steps.length === 0) return null;
  return (
    <Card title={t.steps} lead={t.stepsLead}>
      <div>
        {steps.map(
          (step) =>
            step && (
              <Line key={step.id} title={step.title} note={step.note}>
                {step.button}
                <IconButton icon={X} label={t.hideStep(step.title)} onClick={() => hide(step.id)} />
              </Line>
            ),
        )}
      </div>
    </Card>
  );
}

function read(): string[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]") as string[];
  } catch {
    return [];
  }
}
