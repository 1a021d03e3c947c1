import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { Problem } from "../api/problem";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import {
  Button,
  CircleQuestionMark,
  EmptyState,
  ErrorState,
  LinkButton,
  Page,
  PageHeader,
  RefreshCw,
} from "../kit";

/** The same for a failure outside of the shell. */
export function CrashPage(props: ErrorComponentProps) {
  return (
    <main>
      <Crash {...props} />
    </main>
  );
}

/** A page that failed to load or stopped while it was shown. */
export function Crash({ error, reset }: ErrorComponentProps) {
  const t = useText(kernelText);
  const router = useRouter();
  const again = async () => {
    await router.invalidate();
    reset();
  };
  const isProblem = (error as unknown) instanceof Problem;
  return (
    <Page>
      <PageHeader title={t.state.errorTitle} hideTitle />
      {isProblem ? (
        <ErrorState error={error} retry={again} />
      ) : (
        <EmptyState
          icon={CircleQuestionMark}
          title={t.state.errorTitle}
          action={
            <Button icon={RefreshCw} variant="primary" onClick={() => location.reload()}>
              {t.state.reload}
            </Button>
          }
        >
          {t.state.crashed}
        </EmptyState>
      )}
    </Page>
  );
}

export function NotFound() {
  const t = useText(kernelText);
  return (
    <Page>
      <PageHeader title={t.state.notFoundTitle} hideTitle />
      <EmptyState
        icon={CircleQuestionMark}
        title={t.state.notFoundTitle}
        action={
          <LinkButton to="/" variant="primary">
            {t.state.toHome}
          </LinkButton>
        }
      >
        {t.state.notFound}
      </EmptyState>
    </Page>
  );
}
