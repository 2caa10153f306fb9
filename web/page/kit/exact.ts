import { useEffect, useState } from 'preact/hooks';
import type { FigureProps } from './contract.ts';

/** The view at hand, which a sample may have answered, and the exact one as soon as `exact` of model.ts gives it. */
export function useExact<Options, View extends { pending: boolean }>({
  view,
  options,
  ask,
}: Pick<FigureProps<Options, View>, 'view' | 'options' | 'ask'>): View {
  const [exact, setExact] = useState<{ of: View; view: View }>();
  useEffect(() => {
    if (!view.pending) return;
    let current = true;
    void ask<View>('exact', options).then((answer) => {
      if (current && answer) setExact({ of: view, view: answer });
    });
    return () => {
      current = false;
    };
  }, [view]);
  return exact?.of === view ? exact.view : view;
}
