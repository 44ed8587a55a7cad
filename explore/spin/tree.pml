/*
 * The range-locking protocol on trees of any shape: src/lock.c as a model, for readers and for SPIN.
 *
 * A tree has three levels of two entries: eight pages. It begins in any shape. Each CPU does one thing, any: open a
 * cursor on any range and unmap it, map into it or only look; or walk to any page as a fault does. What leaves and
 * marks hold does not matter here; what tables there are, and who may be in them, does. Memory is sequentially
 * consistent: fences are what `make explore` is for.
 *
 * Checked: ranges that overlap are never owned by two (owner), no table is freed while a walk stands in it (walk_at),
 * nobody waits for ever (SPIN's invalid end states), and at the end every table that is in no tree is free.
 *
 * "@ file function: text" names the code that a step stands for; cite.py looks whether it is still there.
 */
#ifndef NR_CPUS
#define NR_CPUS 2
#endif
#ifndef RANGES
#define RANGES 1 /* 2: all; 0: few */
#endif
#define NR_PAGES 8
#define NR_TABLES 11
#define ROOT 0
#define NONE 0 /* the root is nobody's child */

/* Entry k of the table over `page` of this level; where a table of this level begins, in pages. */
#define INDEX(page, level) (((page) >> ((level) - 1)) & 1)
#define ENTRY(node, page, level) entry[2 * (node) + INDEX(page, level)]
#define SHARE_SLOT(level) ((first >> ((level) - 1)) == (last >> ((level) - 1)))
#define WHOLE_SLOT(level) (last - first + 1 == 1 << ((level) - 1))
/* @ lock.c needs_table: return inside_one_slot(cursor, level) && !is_whole_slot(cursor, level); */
#define NEEDS_TABLE(level) (SHARE_SLOT(level) && !WHOLE_SLOT(level))

byte entry[2 * NR_TABLES];
bit used[NR_TABLES];
bit taken[NR_TABLES]; /* the lock */
bit stray[NR_TABLES];
byte section[NR_CPUS];
byte walk_at[NR_CPUS];  /* where a walk without locks stands; NR_TABLES: nowhere */
byte owner[NR_PAGES];
/* Sets of tables, a bit each. */
short waiting[NR_CPUS];
short young[NR_CPUS];
byte nr_done;

/* Tables below the root, in the order in which they are locked: place p has this level and covers these pages. */
#define NR_PLACES 6
#define PLACE_LEVEL(p) (2 - ((p) % 3 + 1) / 2) /* 2, 1, 1, 2, 1, 1 */
#define PLACE_FIRST(p) ((p) / 3 * 4 + (p) % 3 / 2 * 2)
#define PLACE_LAST(p) (PLACE_FIRST(p) + 2 * PLACE_LEVEL(p) - 1)
#define PLACE_MEETS(p) (PLACE_FIRST(p) <= last && PLACE_LAST(p) >= first)
#define PLACE_INSIDE(p) (PLACE_FIRST(p) >= first && PLACE_LAST(p) <= last)

/* The table at a place, found from the root; and the one above it. */
inline place_find(p)
{
	above = (PLACE_LEVEL(p) == 1 -> ENTRY(ROOT, PLACE_FIRST(p), 3) : ROOT);
	found = ((PLACE_LEVEL(p) == 1 && above == NONE) -> NONE : ENTRY(above, PLACE_FIRST(p), PLACE_LEVEL(p) + 1))
}

/* From place p on: the next with a table below the covering one that meets the range. What is own does not change. */
inline place_next()
{
	d_step {
		found = NONE;
		do
		:: p < NR_PLACES ->
			place_find(p);
			if
			:: found != NONE && PLACE_LEVEL(p) < level && PLACE_MEETS(p) -> break
			:: else ->
				found = NONE;
				p++
			fi
		:: else -> break
		od;
		skip
	}
}

/* @ lock.c vms__node_lock: while (vms__exchange32(lock, 1) != 0) { */
inline node_lock(n)
{
	atomic { taken[n] == 0 -> taken[n] = 1 }
}

/* @ lock.h vms__node_unlock: vms__store32(&vms_machine.meta[node].lock, 0); */
inline node_unlock(n)
{
	assert(taken[n] == 1);
	taken[n] = 0
}

/* @ lock.c vms__section_enter: vms__store32(section, *section + 1); */
inline section_enter()
{
	assert(section[self] % 2 == 0);
	section[self]++
}

/* @ lock.c vms__section_leave: vms__store32(section, *section + 1); */
inline section_leave()
{
	atomic {
		walk_at[self] = NR_TABLES;
		section[self]++
	}
}

/* A table that is used for the first time, or again: locked, and not stray. */
inline table_new(n)
{
	/* @ node.c vms__table_init: vms__store32(&meta->stray, 0); */
	/* @ node.c vms__table_init: vms__store32(&meta->lock, 1); */
	d_step {
		n = 1;
		do
		:: used[n] -> n++
		:: else -> break
		od;
		assert(n < NR_TABLES);
		used[n] = 1;
		stray[n] = 0;
		taken[n] = 1;
		entry[2 * n] = NONE;
		entry[2 * n + 1] = NONE
	}
}

/* Nobody who walks may be in them. */
inline tables_free()
{
	d_step {
		p = 0;
		do
		:: p < NR_CPUS ->
			assert(walk_at[p] == NR_TABLES || !(waiting[self] & (1 << walk_at[p])));
			p++
		:: else -> break
		od;
		p = 1;
		do
		:: p < NR_TABLES ->
			used[p] = used[p] && !(waiting[self] & (1 << p));
			p++
		:: else -> break
		od;
		waiting[self] = 0
	}
}

/* @ lock.c walk_down: uint64_t pte = vms__load64(&ram[table].entry[vms__index(va, at)]); */
inline walk_down(page, lowest)
{
	do
	:: level > lowest ->
		found = ENTRY(node, page, level);
		if
		:: found == NONE -> break
		:: else ->
			atomic {
				node = found;
				walk_at[self] = node;
				level--
			}
		fi
	:: else -> break
	od
}

/* Steps 1 and 2 of src/lock.h. */
inline covering_lock()
{
	skip;
again:
	atomic {
		/* @ lock.c lock_covering: vms_pfn node = cursor->space->root; */
		node = ROOT;
		level = 3;
		walk_at[self] = ROOT
	}
down:
	walk_down(first, lowest);
	node_lock(node);
	/* @ lock.c node_lock_live: if (vms__load32(&vms_machine.meta[node].stray) == 0) */
	if
	:: stray[node] ->
		node_unlock(node);
		goto again
	:: else
	fi;
	if
	:: level > lowest && what != LOOK && NEEDS_TABLE(level) ->
		/* @ lock.c walk_end: pte = vms__entry(*node, vms__index(cursor->start, *level)); */
		if
		:: ENTRY(node, first, level) != NONE ->
			node_unlock(node);
			goto down
		:: else
		fi;
		do
		:: NEEDS_TABLE(level) ->
			table_new(child);
			/* @ lock.c way_make: (void)vms__node_link(*node, vms__index(cursor->start, *level), 0, child, */
			ENTRY(node, first, level) = child;
			/* @ lock.c way_make: vms__node_unlock(*node); */
			node_unlock(node);
			atomic {
				node = child;
				walk_at[self] = node;
				level--
			}
		:: else -> break
		od
	:: else
	fi
}

/* Step 3. Places are in the order that all CPUs keep: parents first, low before high. */
inline below_lock()
{
	p = 0;
	do
	:: true ->
		place_next();
		if
		:: p == NR_PLACES -> break
		:: else
		fi;
		/* @ lock.c lock_below: vms__node_lock(arch_pte_child(pte)); */
		node_lock(found);
		p++
	od
}

/* Nobody waits for two of them: to give them back at once shows the same. */
inline below_unlock()
{
	p = 0;
	/* @ lock.c unlock_below: vms__node_unlock(arch_pte_child(pte)); */
	d_step {
		do
		:: p < NR_PLACES ->
			place_find(p);
			if
			:: found != NONE && PLACE_LEVEL(p) < level && PLACE_MEETS(p) ->
				assert(taken[found]);
				taken[found] = 0
			:: else
			fi;
			p++
		:: else -> break
		od;
		skip
	}
}

/* One table of a tree that was taken out: stray, then on the list, then unlocked. */
inline table_detach(n)
{
	/* @ lock.c tree_detach: vms__store32(&vms_machine.meta[table].stray, 1); */
	/* @ lock.c tree_detach: vms__tables_push(&cursor->flusher.tables, table); */
	atomic {
		stray[n] = 1;
		retired = retired | (1 << n)
	}
	/* @ lock.c tree_detach: vms__node_unlock(table); */
	node_unlock(n)
}

/* Step 4: whole tables in the range leave the tree. */
inline range_unmap()
{
	p = 0;
	do
	:: true ->
		place_next();
		if
		:: p == NR_PLACES -> break
		:: p < NR_PLACES && !PLACE_INSIDE(p)
		:: p < NR_PLACES && PLACE_INSIDE(p) ->
			/* @ lock.c vms__detach: vms__entry_put(n, i, pte, 0); */
			ENTRY(above, PLACE_FIRST(p), PLACE_LEVEL(p) + 1) = NONE;
			/* @ lock.c tree_detach: nr += tree_detach(cursor, arch_pte_child(pte)); */
			if
			:: PLACE_LEVEL(p) == 2 && entry[2 * found] != NONE ->
				child = entry[2 * found];
				table_detach(child)
			:: else
			fi;
			if
			:: PLACE_LEVEL(p) == 2 && entry[2 * found + 1] != NONE ->
				child = entry[2 * found + 1];
				table_detach(child)
			:: else
			fi;
			table_detach(found)
		fi;
		p++
	od
}

/* Tables that are missing below the covering one: each is locked, for its parent is. */
/* @ cut.c vms__descend_to: vms_pfn table = vms__tables_pop(reserve); */
inline page_map()
{
	atomic {
		child = node;
		p = level
	}
	do
	:: p > 1 ->
		found = ENTRY(child, first, p);
		if
		:: found == NONE ->
			table_new(found);
			ENTRY(child, first, p) = found
		:: else
		fi;
		child = found;
		p--
	:: else -> break
	od
}

/* What this CPU waits with: its tables of the last snapshot go when all that were inside have come out. */
inline reclaim()
{
	do
	:: true ->
		/* @ lock.c vms_reclaim: if (cpu->waiting != VMS_NO_FRAME && !sections_passed(cpu)) */
		if
		:: waiting[self] != 0 ->
			p = 0;
			do
			/* @ lock.c sections_passed: vms__load32(&vms_machine.cpu[i].section) == then) */
			:: atomic { p < NR_CPUS && !(snapshot[p] % 2 == 1 && section[p] == snapshot[p]) -> p++ }
			:: else -> break
			od;
			if
			:: p < NR_CPUS -> break /* later */
			:: else
			fi;
			/* @ lock.c vms_reclaim: vms__table_free(vms__tables_pop(&cpu->waiting)); */
			tables_free()
		:: else
		fi;
		if
		:: young[self] == 0 -> break
		:: else
		fi;
		/* @ lock.c vms_reclaim: cpu->waiting = cpu->young; */
		atomic {
			waiting[self] = young[self];
			young[self] = 0;
			p = 0
		}
		do
		/* @ lock.c sections_snapshot: cpu->snapshot[i] = i == self ? 0 : vms__load32(&vms_machine.cpu[i].section); */
		:: atomic {
			p < NR_CPUS ->
			snapshot[p] = (p == self -> 0 : section[p]);
			p++
		}
		:: else -> break
		od
	od
}

mtype = { UNMAP, MAP, LOOK, WALK };

proctype cpu(byte self)
{
	byte first, last, lowest, node, level, found, above, child, p;
	byte snapshot[NR_CPUS];
	short retired;
	mtype what;

	atomic {
		if
		:: self != 1 -> what = UNMAP
		:: self != 0 -> what = MAP
		:: self != 0 -> what = LOOK
		:: self != 0 -> what = WALK
		fi;
		/* Any range; or fewer: whole tables of pages, and single pages but for an unmap. */
		if
		:: what == WALK || (RANGES < 2 && what != UNMAP) ->
			select(first : 0 .. NR_PAGES - 1);
			last = first
		:: what != WALK && RANGES < 2 ->
			first = 0;
			if
			:: RANGES == 0 -> last = 3
			:: RANGES == 0 -> last = 7
			:: RANGES == 1 ->
				select(first : 0 .. 3);
				select(last : first .. 3);
				first = 2 * first;
				last = 2 * last + 1
			fi
		:: what != WALK && RANGES == 2 ->
			select(first : 0 .. NR_PAGES - 1);
			select(last : first .. NR_PAGES - 1)
		fi;
		lowest = 1;
		do
		:: (first >> lowest) != (last >> lowest) -> lowest++
		:: else -> break
		od
	}
	section_enter();
	if
	:: what == WALK ->
		/* @ space.c space_permits: section = vms__section_enter(); */
		atomic {
			node = ROOT;
			level = 3;
			walk_at[self] = ROOT
		}
		walk_down(first, 1);
		section_leave();
		goto done
	:: else
	fi;
	covering_lock();
	/* @ lock.c vms__range_lock: vms__section_leave(section); */
	section_leave();
	below_lock();
	skip;
	d_step {
		p = first;
		do
		:: p <= last ->
			assert(owner[p] == 0);
			owner[p] = 1;
			p++
		:: else -> break
		od;
	}
	if
	:: what == UNMAP -> range_unmap()
	:: what == MAP -> page_map()
	:: else
	fi;
	skip;
	d_step {
		p = first;
		do
		:: p <= last ->
			owner[p] = 0;
			p++
		:: else -> break
		od;
	}
	if
	:: retired != 0 ->
		/* @ lock.c vms__tables_retire: vms__tables_push(&cpu->young, vms__tables_pop(first)); */
		young[self] = young[self] | retired;
		reclaim()
	:: else
	fi;
	/* @ cursor.c vms_cursor_close: vms__range_unlock(cursor); */
	below_unlock();
	/* @ lock.c vms__range_unlock: vms__node_unlock(cursor->top); */
	node_unlock(node);
done:
	nr_done++;
	/* Now and then each CPU calls vms_reclaim(): when all are done, nothing may be left. */
	nr_done >= NR_CPUS;
	reclaim();
	assert(waiting[self] == 0 && young[self] == 0);
	nr_done++
}

/* Any shape: each place has a table or not, if there is one above. */
init
{
	byte p, above, found, n;

	atomic {
		used[ROOT] = 1;
		n = 1;
		p = 0;
		do
		:: p < NR_PLACES ->
			place_find(p);
			if
			:: PLACE_LEVEL(p) == 2 || above != ROOT ->
				if
				:: true
				:: true ->
					ENTRY(above, PLACE_FIRST(p), PLACE_LEVEL(p) + 1) = n;
					used[n] = 1;
					n++
				fi
			:: else
			fi;
			p++
		:: else -> break
		od;
		p = 0;
		do
		:: p < NR_CPUS ->
			walk_at[p] = NR_TABLES;
			p++
		:: else -> break
		od;
		p = 0;
		do
		:: p < NR_CPUS ->
			run cpu(p);
			p++
		:: else -> break
		od
	}
	nr_done == 2 * NR_CPUS;
	d_step {
		/* Tables in the tree, and no others, are used; none is stray or locked. */
		n = 1;
		p = 0;
		do
		:: p < NR_PLACES ->
			above = ROOT;
			found = ENTRY(ROOT, PLACE_FIRST(p), 3);
			if
			:: PLACE_LEVEL(p) == 1 && found != NONE ->
				found = ENTRY(found, PLACE_FIRST(p), 2)
			:: else
			fi;
			if
			:: found != NONE ->
				assert(used[found] && !stray[found] && !taken[found]);
				n++
			:: else
			fi;
			p++
		:: else -> break
		od;
		p = 0;
		do
		:: p < NR_TABLES ->
			n = n - used[p];
			p++
		:: else -> break
		od;
		assert(n == 0)
	}
}
