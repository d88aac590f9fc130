from .campaigns import Campaign, CampaignChange, CampaignDay, CampaignGoal, CampaignMeasure, CampaignResources
from .catalogue import Indicator, IndicatorTerms, PublicService, ReportingSettings, ServiceTerms, Target, TargetEvent
from .difficulties import Difficulty, DifficultyStep
from .exports import ExportJob
from .periods import Holiday, LevelSetting, ParticipatingArea, Period, PeriodClosure, PeriodDeadline
from .reports import (
    Explanation,
    FigureChange,
    FormUpload,
    IndicatorFigure,
    LiveService,
    NarrativeChange,
    Report,
    ReportEvent,
    ServiceFigures,
    Status,
)
from .saved_views import SavedView
from .summaries import Basis, IndicatorSummary, RollupAudit, RollupRequest, RollupRun, ServiceSummary, SubmissionSummary

__all__ = [
    "Basis",
    "Campaign",
    "CampaignChange",
    "CampaignDay",
    "CampaignGoal",
    "CampaignMeasure",
    "CampaignResources",
    "Difficulty",
    "DifficultyStep",
    "Explanation",
    "ExportJob",
    "FigureChange",
    "FormUpload",
    "Holiday",
    "Indicator",
    "IndicatorFigure",
    "IndicatorSummary",
    "IndicatorTerms",
    "LevelSetting",
    "LiveService",
    "NarrativeChange",
    "ParticipatingArea",
    "Period",
    "PeriodClosure",
    "PeriodDeadline",
    "PublicService",
    "Report",
    "ReportEvent",
    "ReportingSettings",
    "RollupAudit",
    "RollupRequest",
    "RollupRun",
    "SavedView",
    "ServiceFigures",
    "ServiceSummary",
    "ServiceTerms",
    "Status",
    "SubmissionSummary",
    "Target",
    "TargetEvent",
]
