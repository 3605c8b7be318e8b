import { useId, useRef, useState } from 'preact/hooks';
import { toApiError } from '../../api/api-error.ts';
import { callJson } from '../../api/client.ts';
import type { User } from '../../api/reply-types.ts';
import { Icon } from '../../components/icon.tsx';
import { UserTable } from './user-table.tsx';

type Outcome =
  | { readonly kind: 'found'; readonly user: User }
  | { readonly kind: 'searching' }
  | { readonly kind: 'fault'; readonly words: string };

/** Finds one user by the id, which may be written in any case. */
export function UserLookUp() {
  const [outcome, setOutcome] = useState<Outcome>();
  const [text, setText] = useState('');
  const asked = useRef(0);
  const inputId = useId();
  const find = async () => {
    const userId = text.trim();
    if (userId === '') return;
    asked.current += 1;
    const question = asked.current;
    setOutcome({ kind: 'searching' });
    const answer = await ask(userId);
    // An answer that comes late must not replace that to a later question.
    if (question === asked.current) setOutcome(answer);
  };
  return (
    <div class="stack">
      <search>
        <form
          class="look-up"
          onSubmit={(event) => {
            event.preventDefault();
            void find();
          }}
        >
          <label for={inputId}>Find a user</label>
          <input
            id={inputId}
            type="search"
            placeholder="user id"
            maxLength={200}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <button type="submit" class="button">
            <Icon name="search" />
            Find
          </button>
        </form>
      </search>
      <div role="status">{outcome === undefined ? null : <OutcomeOf outcome={outcome} />}</div>
    </div>
  );
}

async function ask(userId: string): Promise<Outcome> {
  try {
    return { kind: 'found', user: await callJson<User>(`analytics/users/${encodeURIComponent(userId)}`) };
  } catch (error) {
    const { status, message } = toApiError(error);
    return { kind: 'fault', words: status === 404 ? `No event of ${userId} is loaded.` : message };
  }
}

function OutcomeOf({ outcome }: { readonly outcome: Outcome }) {
  switch (outcome.kind) {
    case 'searching':
      return <p class="muted">Searching …</p>;
    case 'fault':
      return <p>{outcome.words}</p>;
    case 'found':
      return <UserTable users={[outcome.user]} title="The user that was found" />;
  }
}
