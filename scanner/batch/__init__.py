"""Many subjects, nothing lost: sources, isolated workers, a store, resume, statistics.

``sources`` lists targets, ``isolate`` runs each in a process of its own under limits of the operating system, ``store``
keeps facts, assessments and findings in a database, ``run`` drives them and can be killed and started again at any
moment.
"""
