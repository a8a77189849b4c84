"""The verbs of reports. They are cut off what a figure counts; one that is missing makes a label longer, no more."""

from typing import Final

VERBS: Final = frozenset(
    word
    for line in """
    发放 张贴 印发 印制 印刷 制作 悬挂 推送 发送 发布 播放 播出 刊发 刊登 转发 投放 投入 出动 组织 召开 举办 开展
    举行 开设 设立 设置 建立 成立 摸排 排查 收集 收到 收缴 接到 接收 接受 受理 移交 移送 转办 转交 上报 报送 报告 报
    核查 核实 查处 查获 查封 查扣 扣押 冻结 立案 破获 侦破 打掉 抓获 逮捕 拘留 刑拘 起诉 判决 审结 办结 办理 处理
    处置 处罚 整改 整治 完成 落实 走访 入户 巡查 巡逻 检查 督查 督导 约谈 培训 教育 宣讲 宣传到 覆盖 发动 参与
    参加 派出 派发 散发 分发 配发 出具 编发 编印 编写 撰写 拍摄 录制 制定 出台 修订 签订 签署 征集 梳理 发现 掌握
    获取 提供 举报 转移 疏散 安置 救助 慰问 帮扶 清理 清除 清查 拆除 取缔 关停 取消 撤销 罢免 劝阻 化解 调解 登记
    录入 采集 新建 安装 维修 储备 调拨 调集 筹集 投资 动员 普查 调查 出勤 值守 利用 通过 采取 采用 依托 借助 运用
    排除 消除 消灭 巡护 捐赠 捐助 发动 组建 有 为 用 发出 发 贴 挂 建 查 抓 收 送
    """.splitlines()
    for word in line.split()
)

HANDED_OUT: Final = frozenset(
    word
    for line in """
    发放 张贴 印发 印制 印刷 制作 悬挂 推送 发送 发布 播放 播出 刊发 投放 投入 派发 散发 分发 配发 组织 召开 举办
    开展 举行 设立 设置 建立 成立 收集 收到 接到 接收 上报 报送 报告 完成 落实 达到 获取 提供 新建 取消 撤销 出动
    派出 发出 转发 宣传到 覆盖 参与 参加
    """.splitlines()
    for word in line.split()
)
"""Of these a bare 「发放5000份」 says nothing about what was counted, unlike 「抓获5人」."""
