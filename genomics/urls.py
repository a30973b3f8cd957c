"""Pages of genomics."""

from django.urls import path

from genomics import views

app_name = "genomics"

STUDY = "studies/<uuid:uid>/genomics/"

urlpatterns = [
    path(STUDY, views.phenotype, name="phenotype"),
    path(f"{STUDY}heat-map.svg", views.heat_map, name="heat_map"),
    path(f"{STUDY}labels.csv", views.labels_csv, name="labels_csv"),
    path(f"{STUDY}matrices/", views.matrices, name="matrices"),
    path(f"{STUDY}matrices/<uuid:matrix_uid>/", views.matrix, name="matrix"),
]
